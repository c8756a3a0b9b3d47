"""Why a pod is not ready: from its status, events and last log lines (section 2's bad statuses and more)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from pipeline_services.checklist import checks
from pipeline_services.checklist.run import CheckResult
from pipeline_services.judgements.pods import STARTING_FOR
from pipeline_services.model.component import Component
from pipeline_services.model.k8s import (
    K8sObject,
    age,
    age_since_start,
    condition,
    condition_since,
    condition_status,
    created_at,
    has_succeeded,
    init_container_statuses,
    is_ready,
    labels_of,
    name_of,
    phase_of,
    progress_of,
    recent_restarts_of,
    status_of,
)
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.model.metrics.levels.pods import MAX_RESTARTS
from pipeline_services.triage.causes.absent_pods import absent, stuck_ending
from pipeline_services.triage.causes.containers import ended, stuck_container
from pipeline_services.triage.causes.finding import About, make_finding, warnings_about
from pipeline_services.triage.causes.log_lines import logged
from pipeline_services.triage.causes.probes import unready
from pipeline_services.triage.causes.sandboxes import unconnected
from pipeline_services.triage.causes.scheduling import unscheduled
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Confidence, Finding
from pipeline_services.triage.steps import BEFORE, DESCRIBE, LOGS, READY

CAUSES: Final = (
    Cause(
        "pod-replaced",
        "a pod is being replaced or is starting",
        Escalation.L1,
        "self-healing",
        heals_within=120,
        steps=("kubectl get pods -n {namespace} -l {selector} --watch",),
        afterwards=READY,
    ),
    Cause(
        "settling",
        "a pod has just started and has no metrics yet",
        Escalation.L1,
        "self-healing",
        heals_within=180,
        steps=("kubectl get pods -n {namespace} -l {selector}", "make triage"),
        afterwards="make daily is green",
    ),
    Cause(
        "pod-evicted",
        "a pod was evicted from its node",
        Escalation.L2,
        "high-resource-usage",
        steps=("kubectl describe pod -n {namespace} {pod}", "kubectl describe nodes"),
        afterwards=READY,
    ),
    Cause(
        "restarted-often",
        "a pod has restarted five times or more",
        Escalation.L2,
        "pod-status",
        symptomatic=True,
        steps=(BEFORE, DESCRIBE),
        afterwards="the restart count stays the same",
    ),
    Cause(
        "not-ready",
        "a pod is not ready",
        Escalation.L2,
        "pod-status",
        symptomatic=True,
        steps=(DESCRIBE, LOGS),
        afterwards=READY,
    ),
)

SETTLING_FOR: Final = 150.0
"""Seconds after a start in which windows of two minutes are not full yet."""
_Rule = Callable[[Evidence, Component, K8sObject], Iterator[Finding]]


def pod_findings(evidence: Evidence, part: Component, workload: K8sObject) -> Iterator[Finding]:
    """What is wrong with the workload's pods: one finding for each cause, on the most affected pod."""
    found_by_cause: dict[tuple[str, str], Finding] = {}
    pods = sorted(evidence.pods(part.id), key=lambda pod: (is_ready(pod), -age(pod, evidence.now)))
    for pod in pods:
        for finding in _of(evidence, part, pod):
            found_by_cause.setdefault((finding.cause.id, finding.component), finding)
    if not found_by_cause and not pods:
        found_by_cause["", ""] = absent(evidence, part, workload)
    yield from found_by_cause.values()
    if evidence.pods(part.id):
        yield from stuck_ending(evidence, part)


def settling(evidence: Evidence, inconclusive: Sequence[CheckResult]) -> Iterator[Finding]:
    """Ready pods too new to have metrics, where checks have no answer for that."""
    for part in evidence.pipeline.workloads.values():
        waiting = [one for one in inconclusive if _concerns(one, part)]
        ages = [age_since_start(pod, evidence.now) for pod in evidence.ready(part.id)]
        young = [one for one in ages if one < SETTLING_FOR]
        if waiting and young:
            yield make_finding(
                About(evidence, part, affects={*evidence.pipeline.affected_by(part.reports_to), "hpa"}),
                "settling",
                f"a pod of {part.id} has just started and has no metrics yet",
                *(f"{one.id}: {one.why}" for one in waiting),
                since=evidence.now - min(young),
            )


def _concerns(result: CheckResult, part: Component) -> bool:
    """Whether a check is about the component, or says its name or that of its workload or autoscaler."""
    names = (part.id, part.workload, part.autoscaler.name if part.autoscaler else part.id)
    return part.id == result.component or any(name in result.case.id.label or name in result.why for name in names)


def _of(evidence: Evidence, part: Component, pod: K8sObject) -> Iterator[Finding]:
    if phase_of(pod) == "Failed":
        yield _failed(evidence, part, pod)
        return
    rules: tuple[_Rule, ...] = (unscheduled, stuck_container, unconnected, ended) if not is_ready(pod) else (ended,)
    for rule in rules:
        found = list(rule(evidence, part, pod))
        if found:
            yield from found
            return
    if is_ready(pod):
        yield from _restarted_often(evidence, part, pod)
    else:
        yield from unready(evidence, part, pod) or _young_or_unready(evidence, part, pod)


def _failed(evidence: Evidence, part: Component, pod: K8sObject) -> Finding:
    reason, message = status_of(pod).get("reason", "Error"), status_of(pod).get("message", "")
    what = "was evicted by its node" if reason == "Evicted" else "has failed"
    return make_finding(
        About(evidence, part, pod),
        "pod-evicted",
        f"pod {name_of(pod)} {what}: {reason} {message}".rstrip(),
        f"phase Failed, reason {reason}",
        message,
    )


def _young_or_unready(evidence: Evidence, part: Component, pod: K8sObject) -> Iterator[Finding]:
    if age_since_start(pod, evidence.now) < STARTING_FOR:
        rolling = _rolling(evidence, part)
        cause = "rollout-under-way" if rolling else "pod-replaced"
        what = "a rollout of {} is under way" if rolling else "a pod of {} was replaced and is starting"
        summary, seen = f"{what.format(part.id)}: {name_of(pod)}", (_phase(pod), *warnings_about(evidence, pod))
        yield make_finding(About(evidence, part, pod), cause, summary, *seen, since=created_at(pod))
        return
    waits = evidence.undecided(checks.PODS_READY, part.reports_to)
    if waits:
        summary = f"pod {name_of(pod)} is not ready yet: {waits[0].why}"
        about = About(evidence, part, pod)
        yield make_finding(about, "settling", summary, _phase(pod), since=condition_since(pod, "Ready"))
        return
    yield make_finding(
        About(evidence, part, pod),
        "not-ready",
        f"pod {name_of(pod)} {_state(pod)}",
        _phase(pod),
        condition(pod, "Ready").get("message", ""),
        *warnings_about(evidence, pod),
        *_last_log_lines(evidence, part),
        since=condition_since(pod, "Ready"),
        confidence=Confidence.LOW,
    )


def _state(pod: K8sObject) -> str:
    """What a pod that is not ready does, or what keeps it from starting."""
    if phase_of(pod) != "Pending":
        return "runs but is not ready"
    if condition_status(pod, "PodScheduled") != "True":
        return "is Pending: no scheduler has looked at it"
    held = next((one["name"] for one in init_container_statuses(pod) if not has_succeeded(one)), "")
    return f"is Pending: its init container {held} has not ended" if held else "is Pending: no container has started"


def _rolling(evidence: Evidence, part: Component) -> bool:
    """Whether the template changed, as opposed to a pod that was merely replaced."""
    workload = evidence.workload(part.id)
    if workload is None:
        return False
    progress, status = progress_of(workload), status_of(workload)
    if "updateRevision" in status:  # a StatefulSet, which counts a pod that was deleted as one still to be updated
        return not progress.seen_by_controller or status.get("currentRevision") != status["updateRevision"]
    hashes = {labels_of(pod).get("pod-template-hash") for pod in evidence.all_pods(part.id)}
    return not progress.seen_by_controller or progress.updated < progress.wanted or len(hashes - {None}) > 1


def _restarted_often(evidence: Evidence, part: Component, pod: K8sObject) -> Iterator[Finding]:
    restarts = recent_restarts_of(pod, evidence.now)
    if restarts >= MAX_RESTARTS:
        yield make_finding(
            About(evidence, part, pod, affects={part.reports_to}),
            "restarted-often",
            f"pod {name_of(pod)} was restarted {restarts} times; {MAX_RESTARTS} or more need action",
            f"restartCount {restarts}",
            *warnings_about(evidence, pod),
        )


def _phase(pod: K8sObject) -> str:
    phase, ready = phase_of(pod) or "Unknown", condition_status(pod, "Ready") or "?"
    return f"pod {name_of(pod)}: {phase}, Ready {ready}"


def _last_log_lines(evidence: Evidence, part: Component) -> list[str]:
    lines = [text for _, text in evidence.lines(part.reports_to)]
    worrying = [line for line in lines if re.search(r"(?i)error|fail|refused|denied|timed? ?out", line)]
    return list(logged((worrying or lines)[-2:]))
