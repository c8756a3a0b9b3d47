"""Are a component's pods there, running and ready, and in none of the bad statuses (sections 1 and 2)?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.heartbeats import lost_nodes, require_fresh
from pipeline_services.judgements.placement import is_unplaced, too_large
from pipeline_services.model.component import Component
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import (
    K8sObject,
    age,
    age_since_start,
    condition,
    container_statuses,
    deletion_due,
    epoch,
    init_container_statuses,
    involved_object,
    is_ready,
    is_terminating,
    last_end,
    last_seen,
    name_of,
    node_of,
    phase_of,
    progress_of,
    ready_since,
    recent_restarts,
    state_of,
    status_of,
)
from pipeline_services.model.metrics.advice import Advice, advice_about
from pipeline_services.model.pipeline import DAEMON_SET, DEPLOYMENT, STATEFUL_SET, Pipeline
from pipeline_services.snapshot.objects import labelled_pods
from pipeline_services.snapshot.snapshot import Snapshot

STARTING_FOR: Final = 60.0
"""Seconds that a container may take to become ready: the longest expected recovery time of section 3."""
RECONNECT_S: Final = 15.0
"""Seconds for which clients may still fail after a server is back: until their next attempt."""
STILL_SHOWS: Final = "its absence still shows"
OOM_RECENT: Final = 600.0
"""Seconds for which a kill for memory is still news."""
_STARTING_REASONS: Final = {"ContainerCreating", "PodInitializing"}
_MADE: Final[Mapping[str, str]] = {STATEFUL_SET: r"\d+", DEPLOYMENT: r"[a-z0-9]+-[a-z0-9]+", DAEMON_SET: "[a-z0-9]+"}
"""How a workload of each kind ends the names of its pods."""
_MOVES: Final = frozenset({"ScalingReplicaSet", "SuccessfulCreate", "SuccessfulDelete", "Killing"})
"""What controllers and kubelets say when a pod comes or goes."""
_CRASHES: Final = 2
"""Restarts of a container that is not ready which are no longer a start-up in the wrong order."""


def pods_of(snapshot: Snapshot, component: str) -> list[K8sObject]:
    """The component's pods without those that are being deleted.

    Raises:
        PreconditionNotMet: one is on a node that does not report, so that what is known of it is old.
    """
    found = [pod for pod in labelled_pods(snapshot, component) if not is_terminating(pod)]
    require_fresh(snapshot, found)
    return found


def all_ready_since(pods: Iterable[K8sObject]) -> list[float]:
    """When each of the pods became ready, in epoch seconds; nothing where one of them is not."""
    since = [ready_since(pod) for pod in pods]
    return [] if None in since else [one for one in since if one is not None]


def ready_pods(snapshot: Snapshot, component: str) -> list[K8sObject]:
    return [pod for pod in pods_of(snapshot, component) if is_ready(pod)]


def serving_pods(snapshot: Snapshot, component: str) -> list[K8sObject]:
    """The ready pods of the component's own workload: those of a part of it, as of Loki's log shipper, do not answer
    for it."""
    found = snapshot.derive(_serving)
    if component not in found:
        found[component] = _own(snapshot, component, ready_pods(snapshot, component))
    return list(found[component])


def _serving(_: Snapshot) -> dict[str, list[K8sObject]]:
    """What ``serving_pods`` has found in the snapshot so far: nearly every check asks whether somebody is there."""
    return {}


def _own(snapshot: Snapshot, component: str, pods: Iterable[K8sObject]) -> list[K8sObject]:
    workload = snapshot.pipeline.workloads.get(component)
    return [pod for pod in pods if not workload or workload.owns(pod)]


def require_ready(snapshot: Snapshot, *components: str) -> None:
    """Refuse a question that has no answer while a component is away. What has no pods here answers for itself.

    Raises:
        PreconditionNotMet: one of the components has no ready pod; its own checks say why.
    """
    for component in components:
        if snapshot.pipeline.parts_of(component) and not serving_pods(snapshot, component):
            raise PreconditionNotMet(
                f"{component} has no ready pod, so this cannot be judged; see the checks of {component}",
                next_step=f"kubectl get pods -n {snapshot.namespace} -l {snapshot.pipeline[component].label_selector}",
            )


def require_settled(snapshot: Snapshot, component: str) -> None:
    """Refuse to blame a component of which no pod is ready only because one is being replaced or started.

    Raises:
        PreconditionNotMet: that is so; within ``STARTING_FOR`` seconds it is ready or wrong.
    """
    if not snapshot.pipeline.parts_of(component) or serving_pods(snapshot, component):
        return
    pods = _own(snapshot, component, labelled_pods(snapshot, component))
    if any(is_starting(pod, snapshot.taken_at) for pod in pods if not is_terminating(pod)):
        raise PreconditionNotMet(f"{component} is still starting; try again in {STARTING_FOR:g} s")
    if _is_scaled_to_zero(snapshot, component):
        return
    if any(is_leaving(pod, snapshot.taken_at) for pod in pods):
        raise PreconditionNotMet(f"{component}'s only pod is being deleted; try again in {STARTING_FOR:g} s")
    if not pods and has_just_moved(snapshot, snapshot.pipeline[component]):
        raise PreconditionNotMet(f"{component}'s only pod has just gone; try again in {STARTING_FOR:g} s")


def has_just_moved(snapshot: Snapshot, part: Component) -> bool:
    """Whether a controller, or a kubelet, has just said that a pod of the workload comes or goes, and no one since that
    none may come."""
    said = sorted((one for one in snapshot.answers.get("events", ()) if _is_about(one, part)), key=last_seen)
    return bool(said) and said[-1]["reason"] in _MOVES and snapshot.taken_at - last_seen(said[-1]) < STARTING_FOR


def _is_about(event: K8sObject, part: Component) -> bool:
    """Whether the event says what becomes of a pod of the workload."""
    kind, name = involved_object(event)
    names = {part.kind: "", "ReplicaSet": "-[a-z0-9]+", "Pod": f"-{_MADE[part.kind]}"}
    is_own = kind in names and re.fullmatch(f"{re.escape(part.workload)}{names[kind]}", name) is not None
    return is_own and event.get("reason") in {*_MOVES, "FailedCreate"}


def _is_scaled_to_zero(snapshot: Snapshot, component: str) -> bool:
    """Whether nothing follows the component's last pod."""
    part = snapshot.pipeline.workloads.get(component)
    live = snapshot.answers.get(part.list_name, ()) if part else ()
    return any(progress_of(one).wanted == 0 for one in live if part and name_of(one) == part.workload)


def causes_of(pipeline: Pipeline, component: str) -> list[str]:
    """The others on the way of the readings for whose absence a component may fail."""
    return [one for one in pipeline.data_path if one != component and component in pipeline.affected_by(one)]


def require_others_back(snapshot: Snapshot, component: str, within: float = RECONNECT_S) -> None:
    """Refuse to blame a component while another that it depends on is away, or is back for less than so many seconds.

    Raises:
        PreconditionNotMet: that is so. One that does not come back in time is blamed itself.
    """
    for one in causes_of(snapshot.pipeline, component):
        require_settled(snapshot, one)
        require_back(snapshot, one, within)


def require_back(snapshot: Snapshot, component: str, within: float) -> None:
    """Refuse to judge what shows the last seconds of a component all of whose pods became ready in just these.

    Raises:
        PreconditionNotMet: that is so.
    """
    left = back_since(snapshot, component) + within - snapshot.taken_at
    if left > 0:
        raise PreconditionNotMet(f"{component} has just come back and {STILL_SHOWS}; try again in {left:.0f} s")


def back_since(snapshot: Snapshot, component: str) -> float:
    """When the first of the component's pods became ready, in epoch seconds; 0 where one is not, or nobody knows."""
    return min(all_ready_since(serving_pods(snapshot, component)), default=0.0)


def is_leaving(pod: K8sObject, now: float) -> bool:
    """Being deleted, and not longer than that may take."""
    due = deletion_due(pod)
    return due is not None and now - due < STARTING_FOR


def is_starting(pod: K8sObject, now: float) -> bool:
    """Not ready yet, for less than ``STARTING_FOR`` seconds, and in no bad status."""
    return not is_ready(pod) and age_since_start(pod, now) < STARTING_FOR and not bad_status(pod, now)


def bad_status(pod: K8sObject, now: float) -> str:
    """The bad status of the pod as ``kubectl get pods`` names it, or an empty string."""
    if phase_of(pod) == "Failed":
        return str(status_of(pod).get("reason") or "Error")
    found = next(_bad_containers(pod, now), "")
    if not found and phase_of(pod) == "Pending" and (age(pod, now) > STARTING_FOR or is_unplaced(pod, now)):
        return _with_message("Pending", condition(pod, "PodScheduled").get("message"))
    return found


def are_ready(snapshot: Snapshot, component: str) -> None:
    """Every app of the component has a pod; every pod is Running and ready or has just been started, and in none of
    the bad statuses (CrashLoopBackOff, Error, Pending, ImagePullBackOff, OOMKilled and the like)."""
    advice = advice_about(component)
    pods = pods_of(snapshot, component)
    for part in snapshot.pipeline.parts_of(component):
        if not any(part.owns(pod) for pod in pods):
            require_settled(snapshot, part.id)
            missing = advice.but(next_command="kubectl get deployments,statefulsets,daemonsets -n {namespace}")
            wanted = f"at least one with {part.label_selector}, Running and ready"
            raise Deviation(snapshot, f"there is no pod of {part.id}", wanted, missing)
    for pod in pods:
        status = bad_status(pod, snapshot.taken_at)
        if status:
            observed = f"pod {name_of(pod)} is in {status}"
            raise Deviation(snapshot, observed, "Running, all containers ready", _describing(advice, pod))
        large = too_large(snapshot.answers.get("nodes", ()), pod)
        if large:
            observed = f"pod {name_of(pod)} requests {large}"
            raise Deviation(snapshot, observed, "a request that a node has room for", _describing(advice, pod))
    for pod in kept_from_ending(snapshot, component):
        late = snapshot.taken_at - (deletion_due(pod) or snapshot.taken_at)
        observed = f"pod {name_of(pod)} should have ended {late:.0f} s ago"
        raise Deviation(snapshot, observed, f"gone within {STARTING_FOR:g} s", _describing(advice, pod))
    slow = [pod for pod in pods if not is_ready(pod) and not is_starting(pod, snapshot.taken_at)]
    if slow:
        require_others_back(snapshot, component)
        phase = phase_of(slow[0]) or "Unknown"
        observed = f"pod {name_of(slow[0])} is {phase} but not ready; {len(slow)} of {len(pods)} pods are like that"
        expected = f"all containers ready within {STARTING_FOR:g} s"
        raise Deviation(snapshot, observed, expected, _describing(advice, slow[0]))
    for part in snapshot.pipeline.parts_of(component):
        require_settled(snapshot, part.id)


def kept_from_ending(snapshot: Snapshot, component: str) -> list[K8sObject]:
    """The component's pods that were deleted and should be gone for longer than that may take, grace included.

    Not those of a node that is lost, where nobody can end them, nor say that they have: that is said of the node.
    """
    pods, lost = labelled_pods(snapshot, component), snapshot.derive(lost_nodes)
    late = [pod for pod in pods if is_terminating(pod) and not is_leaving(pod, snapshot.taken_at)]
    return [pod for pod in late if node_of(pod) not in lost]


def _describing(advice: Advice, pod: K8sObject) -> Advice:
    return advice.but(next_command=f"kubectl describe pod -n {{namespace}} {name_of(pod)}")


def _bad_containers(pod: K8sObject, now: float) -> Iterator[str]:
    for container in (*init_container_statuses(pod), *container_statuses(pod)):
        waiting, ended, last = state_of(container, "waiting"), state_of(container, "terminated"), last_end(container)
        if waiting and waiting.get("reason", "ContainerCreating") not in _STARTING_REASONS:
            yield _with_message(waiting["reason"], waiting.get("message"))
        if ended.get("exitCode"):
            yield _with_message(ended.get("reason") or "Error", f"exit code {ended['exitCode']}")
        if last.get("reason") == "OOMKilled" and now - epoch(last["finishedAt"]) < OOM_RECENT:
            yield f"OOMKilled {now - epoch(last['finishedAt']):.0f} s ago (container {container['name']})"
        if last.get("exitCode") and recent_restarts(container, now) >= _CRASHES and not container.get("ready"):
            yield f"Error (container {container['name']} ended with exit code {last['exitCode']} again and again)"


def _with_message(reason: str, message: str | None) -> str:
    return f"{reason} ({message[:160]})" if message else reason


def made_by_nobody(snapshot: Snapshot) -> list[K8sObject]:
    """The pods in the namespace that run and that no workload of the pipeline made, the newest first."""
    parts = snapshot.pipeline.workloads.values()
    strange = [
        pod
        for pod in snapshot.data("pods")
        if phase_of(pod) == "Running" and not any(is_made_by(pod, part) for part in parts)
    ]
    return sorted(strange, key=lambda pod: age(pod, snapshot.taken_at))


def is_made_by(pod: K8sObject, part: Component) -> bool:
    """Whether the workload made the pod, told by the pod's name whatever its labels say."""
    return re.fullmatch(f"{re.escape(part.workload)}-{_MADE[part.kind]}", name_of(pod)) is not None
