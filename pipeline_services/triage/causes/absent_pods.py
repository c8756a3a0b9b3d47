"""A workload that should have a pod and has none that stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline_services.judgements.heartbeats import lost_nodes
from pipeline_services.judgements.pods import STARTING_FOR, has_just_moved, is_made_by, kept_from_ending
from pipeline_services.model.component import Component
from pipeline_services.model.k8s import (
    K8sObject,
    deletion_due,
    deletion_time,
    finalizers_of,
    is_terminating,
    labels_of,
    name_of,
    node_of,
    progress_of,
    replicas_of,
)
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.triage.causes.finding import About, event_line, make_finding
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Confidence, Finding
from pipeline_services.triage.steps import READY, RELEASE

_LOOK: Final = "kubectl describe pod -n {namespace} {pod}"

CAUSES: Final = (
    Cause(
        "pod-stuck-ending",
        "a pod stays in Terminating",
        Escalation.L2,
        "pod-status",
        steps=(_LOOK, "kubectl delete pod -n {namespace} {pod} --force"),
        afterwards=READY,
    ),
    Cause(
        "label-wrong",
        "a pod lacks the label that its service selects",
        Escalation.L2,
        "pod-status",
        steps=(
            "kubectl get pods -n {namespace} --show-labels",
            "kubectl label pod -n {namespace} {pod} {labels} --overwrite",
        ),
        undo="kubectl label pod -n {namespace} {pod} {unlabel}",
        afterwards=READY,
    ),
    Cause(
        "pods-missing",
        "the controller creates no pods",
        Escalation.L3,
        "pod-status",
        steps=(
            "kubectl describe {workload} -n {namespace}",
            "kubectl get events -n {namespace} --sort-by=.lastTimestamp",
        ),
        afterwards=READY,
    ),
)


def absent(evidence: Evidence, part: Component, workload: K8sObject) -> Finding:
    """No pod stays: one is going and the next is not there yet, or nothing creates one."""
    pod = next((pod for pod in evidence.all_pods(part.id) if is_terminating(pod)), None)
    if pod is None:
        return _not_created(evidence, part, workload)
    since = deletion_due(pod) or evidence.now
    kept_by = node_of(pod) if node_of(pod) in evidence.snapshot.derive(lost_nodes) else ""
    if evidence.now - since >= STARTING_FOR and not kept_by:
        return _stuck_ending(evidence, part, pod, since)
    return make_finding(
        About(evidence, part, pod, subject=part.kubectl_name),
        "pod-replaced",
        f"the only pod of {part.id} cannot end: its node {kept_by} is lost"
        if kept_by
        else f"the only pod of {part.id} is being deleted; its replacement follows",
        f"pod {name_of(pod)} is terminating",
        since=min(since, evidence.now),
    )


def stuck_ending(evidence: Evidence, part: Component) -> Iterator[Finding]:
    """A pod that does not go though another has taken its place: it may still hold a volume, a port, or partitions."""
    for pod in kept_from_ending(evidence.snapshot, part.reports_to):
        if part.owns(pod):
            yield _stuck_ending(evidence, part, pod, deletion_due(pod) or evidence.now)
            return


def _stuck_ending(evidence: Evidence, part: Component, pod: K8sObject, since: float) -> Finding:
    held = ", ".join(finalizers_of(pod))
    return make_finding(
        About(evidence, part, pod),
        "pod-stuck-ending",
        f"pod {name_of(pod)} should have ended {evidence.now - since:.0f} s ago{f': {held} holds it' if held else ''}",
        f"deletionTimestamp {deletion_time(pod)}",
        since=since,
        steps=(_LOOK, RELEASE) if held else None,
    )


def _not_created(evidence: Evidence, part: Component, workload: K8sObject) -> Finding:
    stray = next((pod for pod in evidence.objects("pods") if is_made_by(pod, part)), None)
    if stray is not None:
        labels = labels_of(stray)
        return make_finding(
            About(evidence, part, stray),
            "label-wrong",
            f"pod {name_of(stray)} runs without the label {part.label_selector}, so no service finds it",
            *(f"its label {key} is {labels.get(key)!r}" for key in part.selector),
            str(progress_of(workload)),
            since=evidence.changed("pods", name_of(stray)),
        )
    events = evidence.events_of(part.kind, part.workload)
    return make_finding(
        About(evidence, part),
        "pod-replaced" if has_just_moved(evidence.snapshot, part) else "pods-missing",
        f"{part.kubectl_name} should have {replicas_of(workload)} pods and has none",
        str(progress_of(workload)),
        *(event_line(event) for event in events[:2]),
        confidence=Confidence.MEDIUM,
    )
