"""Do Warning events say something that still holds (section 2)?

An event stays for an hour. It counts while its object is not well: an event about a pod that is gone, or that has
become ready since, is history.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline_services.judgements.cluster_parts import require_measured
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.hpas import METRICS_LAG, has_new_pods_only, is_within_lag
from pipeline_services.judgements.known_issues import known_issue
from pipeline_services.judgements.pods import is_starting, require_others_back
from pipeline_services.judgements.volumes import belongs_to
from pipeline_services.model.k8s import (
    K8sObject,
    claims_of,
    condition,
    involved_object,
    is_ready,
    is_terminating,
    is_true,
    last_seen,
    phase_of,
    progress_of,
    ready_since,
    reporter_of,
    scale_target_of,
    times_seen,
    uid_of,
)
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.objects import named
from pipeline_services.snapshot.snapshot import Snapshot

WINDOW: Final = 600.0
"""Seconds back for which an event counts."""
_RUNS: Final = frozenset({"ReplicaSet", "Job", "CronJob", *(kind.name for kind in KINDS.values() if kind.workload)})
"""The kinds that make pods."""
_AUDITORS: Final = ("kyverno", "gatekeeper", "kubewarden", "polaris", "trivy", "kubescape", "falco")
"""What the names of programs begin with that judge pods by policies, and keep none that runs from its work."""
BUDGET: Final = "PodDisruptionBudget"
"""It only limits what an eviction may take, so nothing that it lacks is felt: the practice run judges budgets."""


def have_no_open_warnings(snapshot: Snapshot, component: str) -> None:
    """No Warning event of the last minutes about the component's objects is still open, known issues aside."""
    for event in sorted(snapshot.derive(_warnings).get(component, ()), key=last_seen, reverse=True):
        is_old = snapshot.taken_at - last_seen(event) > WINDOW
        if is_old or _is_of_others(snapshot, event) or _is_over(snapshot, event):
            continue
        text = f"{event.get('reason')}: {event.get('message', '')}"
        if known_issue("events", component, text, snapshot.taken_at):
            if not _is_unready_pod(snapshot, event):
                continue
            require_others_back(snapshot, component)
        kind, name = involved_object(event)
        if kind == "HorizontalPodAutoscaler":
            require_measured(snapshot, METRICS_LAG)
        observed = f"{kind} {name}: {text[:240]} ({times_seen(event)} times)"
        command = "kubectl get events -n {namespace} --sort-by=.lastTimestamp"
        advice = advice_about(component).but(next_command=command)
        raise Deviation(snapshot, observed, f"no open Warning event (last {WINDOW:g} s)", advice)


def _warnings(snapshot: Snapshot) -> Mapping[str, list[K8sObject]]:
    """The Warning events by the component that each is about."""
    found: dict[str, list[K8sObject]] = {}
    for event in snapshot.data("events"):
        if event.get("type") == "Warning":
            found.setdefault(component_of(snapshot.pipeline, event), []).append(event)
    return found


def component_of(pipeline: Pipeline, event: K8sObject) -> str:
    """The component whose object the event is about; ``config`` for anything else in the namespace."""
    kind, name = involved_object(event)
    if kind == "HorizontalPodAutoscaler":
        return "hpa"
    if kind == "PersistentVolumeClaim":
        return "storage"
    owners = [part for part in pipeline.workloads.values() if f"{name}-".startswith(f"{part.workload}-")]
    return max(owners, key=lambda part: len(part.workload)).reports_to if owners else "config"


def _pod(snapshot: Snapshot, event: K8sObject) -> K8sObject | None:
    pod = named(snapshot, "pods", involved_object(event)[1])
    uid = event["involvedObject"].get("uid")
    same = pod is not None and (uid is None or uid_of(pod) in ("", uid))
    return pod if same else None


def _is_unready_pod(snapshot: Snapshot, event: K8sObject) -> bool:
    pod = _pod(snapshot, event) if involved_object(event)[0] == "Pod" else None
    return pod is not None and not is_ready(pod)


def _is_of_others(snapshot: Snapshot, event: K8sObject) -> bool:
    """Whether it is about what somebody else runs, scales or stores in the namespace."""
    kind, name = involved_object(event)
    parts = snapshot.pipeline.workloads.values()
    if kind == "HorizontalPodAutoscaler":
        hpa = named(snapshot, "hpas", name)
        scaled = hpa and scale_target_of(hpa) in {(part.kind, part.workload) for part in parts}
        return name not in snapshot.pipeline.autoscalers and not scaled
    if kind == "PersistentVolumeClaim":
        used = (
            claim for pod in snapshot.data("pods") if any(part.owns(pod) for part in parts) for claim in claims_of(pod)
        )
        return not any(belongs_to(name, part) for part in parts) and name not in used
    if component_of(snapshot.pipeline, event) != "config":
        return False
    pod = named(snapshot, "pods", name) if kind == "Pod" else None
    return kind in _RUNS or (pod is not None and not any(part.owns(pod) for part in parts))


def _is_over(snapshot: Snapshot, event: K8sObject) -> bool:
    """Whether the object of the event is gone or has become well since."""
    kind, name = involved_object(event)
    if kind == "Pod":
        return _pod_is_well(snapshot, event)
    if kind == "HorizontalPodAutoscaler":
        return _autoscaler_is_well(snapshot, named(snapshot, "hpas", name))
    if kind == "PersistentVolumeClaim":
        claim = named(snapshot, "pvcs", name)
        return claim is None or phase_of(claim) == "Bound"
    if kind == BUDGET:
        return True
    if kind == "ReplicaSet":
        return _workload_is_well(snapshot, "deployments", name.rpartition("-")[0])
    known = KINDS.get(kind)
    return known is not None and known.workload and _workload_is_well(snapshot, known.source, name)


def _pod_is_well(snapshot: Snapshot, event: K8sObject) -> bool:
    pod = _pod(snapshot, event)
    if pod is None or is_terminating(pod) or is_starting(pod, snapshot.taken_at):
        return True
    ready = ready_since(pod)
    audited = reporter_of(event).startswith(_AUDITORS)
    return ready is not None and (audited or last_seen(event) <= ready + 1)


def _autoscaler_is_well(snapshot: Snapshot, hpa: K8sObject | None) -> bool:
    """Whether it scales, or cannot for a reason that lies in its target."""
    if hpa is None or is_true(hpa, "ScalingActive") or is_within_lag(hpa, snapshot.taken_at):
        return True
    return condition(hpa, "ScalingActive").get("reason") == "ScalingDisabled" or has_new_pods_only(snapshot, hpa)


def _workload_is_well(snapshot: Snapshot, source: str, name: str) -> bool:
    workload = named(snapshot, source, name)
    return workload is None or progress_of(workload).complete


def event_components(pipeline: Pipeline) -> tuple[str, ...]:
    """The components that an event of the namespace can be about."""
    return (*pipeline.judged_workloads, "hpa", "storage", "config")
