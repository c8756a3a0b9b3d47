"""Have Deployments, StatefulSets and DaemonSets rolled out what they say, with at least one replica (section 1)?"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.heartbeats import require_fresh
from pipeline_services.judgements.pods import (
    STARTING_FOR,
    bad_status,
    has_just_moved,
    is_leaving,
    is_starting,
    pods_of,
    require_others_back,
)
from pipeline_services.model.component import Component
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import (
    K8sObject,
    age,
    condition_status,
    containers_of,
    is_joining,
    is_ready,
    progress_of,
    template_of,
)
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.model.pipeline import DAEMON_SET
from pipeline_services.snapshot.objects import labelled_pods, named
from pipeline_services.snapshot.snapshot import Snapshot


def is_rolled_out(snapshot: Snapshot, component: str) -> None:
    """Every workload of the component is complete, or on its way for less than the time that a start takes."""
    require_fresh(snapshot, labelled_pods(snapshot, component))
    for part in snapshot.pipeline.parts_of(component):
        _judge(snapshot, part)


def _judge(snapshot: Snapshot, part: Component) -> None:
    component, kind, app = part.reports_to, part.kind, part.workload
    advice = advice_about(component).but(next_command=f"kubectl rollout status {kind.lower()}/{app} -n {{namespace}}")
    workload = named(snapshot, part.list_name, app)
    if workload is None:
        missing = advice.but(next_command="kubectl get deployments,statefulsets,daemonsets -n {namespace}")
        raise Deviation(snapshot, f"there is no {kind} {app}", "one, with its pods available", missing)
    progress = progress_of(workload)
    if progress.wanted == 0 and kind == DAEMON_SET:
        placed = advice.but(next_command=f"kubectl describe daemonset/{app} -n {{namespace}}")
        raise Deviation(snapshot, f"{kind} {app} may run on no node", "at least 1 pod", placed)
    if progress.wanted == 0:
        scale = advice.but(next_command=f"kubectl scale {kind.lower()}/{app} -n {{namespace}} --replicas=1")
        raise Deviation(snapshot, f"{kind} {app} is scaled to 0", "at least 1 replica", scale)
    there = [str(one["name"]) for one in containers_of(template_of(workload))]
    if part.container and part.container not in there:
        raise Deviation(
            snapshot, f"{kind} {app} has no container {part.container}, only {', '.join(there)}", "one", advice
        )
    if progress.complete:
        return
    pods = [pod for pod in pods_of(snapshot, component) if part.owns(pod)]
    if not progress.seen_by_controller and pods and all(map(is_ready, pods)):
        raise PreconditionNotMet(f"{kind} {app} has just been changed, and its controller has not looked at it yet")
    is_stuck = condition_status(workload, "Progressing") == "False"
    if is_stuck or not _is_under_way(snapshot, part, pods):
        if not is_stuck and not any(bad_status(pod, snapshot.taken_at) for pod in pods):
            require_others_back(snapshot, component)
        raise Deviation(snapshot, f"{kind} {app}: {progress}", f"a complete rollout within {STARTING_FOR:g} s", advice)
    if not progress.available:
        raise PreconditionNotMet(f"{kind} {app} is still starting ({progress}); try again in {STARTING_FOR:g} s")


def _is_under_way(snapshot: Snapshot, part: Component, pods: Sequence[K8sObject]) -> bool:
    """Whether something moves: a pod has just been made, starts, goes or has just gone, and none is stuck.

    Args:
        pods: the workload's, without those that are being deleted.
    """
    now = snapshot.taken_at
    if not all(is_ready(pod) or is_starting(pod, now) for pod in pods):
        return False
    if any(not is_ready(pod) or age(pod, now) < STARTING_FOR for pod in pods) or has_just_moved(snapshot, part):
        return True
    nodes = snapshot.answers.get("nodes", ()) if part.kind == DAEMON_SET else ()
    if any(is_joining(node, now) for node in nodes):
        return True
    return any(is_leaving(pod, now) for pod in labelled_pods(snapshot, part.reports_to) if part.owns(pod))
