"""Why a pod is not ready, told from its status, its events and its last words (section 2's bad statuses and more)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

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
    deletion_due,
    is_ready,
    is_terminating,
    labels_of,
    last_seen,
    name_of,
    phase_of,
    progress_of,
    replicas_of,
    restarts_of,
    status_of,
)
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Confidence, Finding
from pipeline_services.triage.rules.containers import ended, stuck_container
from pipeline_services.triage.rules.finding import event_line, of_part, tell
from pipeline_services.triage.rules.probes import unready
from pipeline_services.triage.rules.scheduling import unscheduled

MANY_RESTARTS: Final = 5
SETTLING_FOR: Final = 150.0
"""Seconds after a start in which windows of two minutes are not full yet."""
_Rule = Callable[[Evidence, Component, K8sObject], Iterator[Finding]]


def pod_findings(evidence: Evidence, part: Component, workload: K8sObject) -> Iterator[Finding]:
    """What is wrong with the workload's pods: one finding for each cause, on the pod that shows it best."""
    told: dict[tuple[str, str], Finding] = {}
    pods = sorted(evidence.pods(part.id), key=lambda pod: (is_ready(pod), -age(pod, evidence.now)))
    for pod in pods:
        for finding in _of(evidence, part, pod):
            told.setdefault((finding.cause.id, finding.component), finding)
    if not told and not evidence.ready(part.id):
        told["", ""] = _absent(evidence, part, workload)
    yield from told.values()


def settling(evidence: Evidence, inconclusive: Sequence[CheckResult]) -> Iterator[Finding]:
    """Ready pods that are too new to be judged by figures, where something could not be asked for that."""
    for part in evidence.pipeline.workloads.values():
        waiting = [one for one in inconclusive if _concerns(one, part)]
        ages = [age_since_start(pod, evidence.now) for pod in evidence.ready(part.id)]
        young = [one for one in ages if one < SETTLING_FOR]
        if waiting and young:
            yield tell(
                evidence,
                "settling",
                part.reports_to,
                f"a pod of {part.id} has just been started; its figures are still to come",
                *(f"{one.id}: {one.why}" for one in waiting),
                subject=part.kubectl_name,
                since=evidence.now - min(young),
                affects={*evidence.pipeline.affected_by(part.reports_to), "hpa"},
                details=of_part(part),
            )


def _concerns(result: CheckResult, part: Component) -> bool:
    """Whether a check is about the component, or says its name or that of its workload or autoscaler."""
    names = (part.id, part.workload, part.autoscaler.name if part.autoscaler else part.id)
    return part.id == result.component or any(name in result.case.id.label or name in result.why for name in names)


def _of(evidence: Evidence, part: Component, pod: K8sObject) -> Iterator[Finding]:
    if phase_of(pod) == "Failed":
        yield _failed(evidence, part, pod)
        return
    rules: tuple[_Rule, ...] = (unscheduled, stuck_container, ended) if not is_ready(pod) else (ended,)
    for rule in rules:
        found = list(rule(evidence, part, pod))
        if found:
            yield from found
            return
    if is_ready(pod):
        yield from _often(evidence, part, pod)
    else:
        yield from unready(evidence, part, pod) or _young_or_unready(evidence, part, pod)


def _failed(evidence: Evidence, part: Component, pod: K8sObject) -> Finding:
    reason, message = status_of(pod).get("reason", "Error"), status_of(pod).get("message", "")
    return tell(
        evidence,
        "pod-evicted",
        part.reports_to,
        f"pod {name_of(pod)} was ended by its node: {reason} {message}",
        f"phase Failed, reason {reason}",
        message,
        subject=f"pod/{name_of(pod)}",
        details=of_part(part, pod),
    )


def _young_or_unready(evidence: Evidence, part: Component, pod: K8sObject) -> Iterator[Finding]:
    component, subject = part.reports_to, f"pod/{name_of(pod)}"
    since = condition_since(pod, "Ready")
    if age_since_start(pod, evidence.now) < STARTING_FOR:
        rolling = _rolling(evidence, part)
        cause = "rollout-under-way" if rolling else "pod-replaced"
        what = (
            f"a rollout of {part.id} is under way"
            if rolling
            else f"a pod of {part.id} has been replaced and is starting"
        )
        yield tell(
            evidence,
            cause,
            component,
            f"{what}: {name_of(pod)}",
            _phase(pod),
            *_last_events(evidence, pod),
            subject=subject,
            since=created_at(pod),
            details=of_part(part, pod),
        )
        return
    yield tell(
        evidence,
        "not-ready",
        component,
        f"pod {name_of(pod)} runs and has not become ready",
        _phase(pod),
        condition(pod, "Ready").get("message", ""),
        *_last_events(evidence, pod),
        *_last_words(evidence, part),
        subject=subject,
        since=since,
        confidence=Confidence.LOW,
        details=of_part(part, pod),
    )


def _rolling(evidence: Evidence, part: Component) -> bool:
    """Whether the template changed, as against a pod that was merely replaced."""
    workload = evidence.workload(part.id)
    if workload is None:
        return False
    progress, status = progress_of(workload), status_of(workload)
    if "updateRevision" in status:  # a StatefulSet, which counts a pod that was deleted as one still to be updated
        return not progress.seen_by_controller or status.get("currentRevision") != status["updateRevision"]
    hashes = {labels_of(pod).get("pod-template-hash") for pod in evidence.all_pods(part.id)}
    return not progress.seen_by_controller or progress.updated < progress.wanted or len(hashes - {None}) > 1


def _absent(evidence: Evidence, part: Component, workload: K8sObject) -> Finding:
    """No pod stands: one is going and the next is not there yet, or nobody makes one."""
    component = part.reports_to
    leaving = [pod for pod in evidence.all_pods(part.id) if is_terminating(pod)]
    subject = part.kubectl_name
    if leaving:
        summary = f"the only pod of {part.id} is being deleted; the next one comes after it"
        since = deletion_due(leaving[0]) or evidence.now
        late = evidence.now - since > STARTING_FOR
        if late:
            held = leaving[0]["metadata"].get("finalizers")
            return tell(
                evidence,
                "pod-stuck-ending",
                component,
                f"pod {name_of(leaving[0])} should be gone for {evidence.now - since:.0f} s and is not",
                f"deletionTimestamp {leaving[0]['metadata']['deletionTimestamp']}",
                f"finalizers {held}" if held else "",
                subject=f"pod/{name_of(leaving[0])}",
                since=since,
                details=of_part(part, leaving[0]),
            )
        return tell(
            evidence,
            "pod-replaced",
            component,
            summary,
            f"pod {name_of(leaving[0])} is ending",
            subject=subject,
            since=min(since, evidence.now),
            details=of_part(part, leaving[0]),
        )
    return _nobody_makes_it(evidence, part, workload)


def _nobody_makes_it(evidence: Evidence, part: Component, workload: K8sObject) -> Finding:
    component, subject = part.reports_to, part.kubectl_name
    stray = next((pod for pod in evidence.objects("pods") if _belongs(pod, part)), None)
    if stray is not None:
        labels = labels_of(stray)
        return tell(
            evidence,
            "label-wrong",
            component,
            f"pod {name_of(stray)} runs and does not carry the label {part.label_selector}, so nothing finds it",
            *(f"its label {key} is {labels.get(key)!r}" for key in part.selector),
            str(progress_of(workload)),
            subject=f"pod/{name_of(stray)}",
            since=evidence.changed("pods", name_of(stray)),
            details=of_part(part, stray),
        )
    events = evidence.events_of(part.kind, part.workload)
    moving = any(evidence.now - last_seen(event) < STARTING_FOR for event in events)
    return tell(
        evidence,
        "pod-replaced" if moving else "pods-missing",
        component,
        f"{subject} wants {replicas_of(workload)} pods and none is there",
        str(progress_of(workload)),
        *(event_line(event) for event in events[:2]),
        subject=subject,
        confidence=Confidence.MEDIUM,
        details=of_part(part),
    )


def _belongs(pod: K8sObject, part: Component) -> bool:
    """By its name, whatever its labels say."""
    return re.fullmatch(rf"{re.escape(part.workload)}-(\d+|[0-9a-f]+-\w+|\w+)", name_of(pod)) is not None


def _often(evidence: Evidence, part: Component, pod: K8sObject) -> Iterator[Finding]:
    restarts = restarts_of(pod)
    if restarts >= MANY_RESTARTS:
        yield tell(
            evidence,
            "restarted-often",
            part.reports_to,
            f"pod {name_of(pod)} was restarted {restarts} times; from {MANY_RESTARTS} on that is no self-healing",
            f"restartCount {restarts}",
            *_last_events(evidence, pod),
            subject=f"pod/{name_of(pod)}",
            affects={part.reports_to},
            details=of_part(part, pod),
        )


def _phase(pod: K8sObject) -> str:
    phase, ready = phase_of(pod) or "Unknown", condition_status(pod, "Ready") or "?"
    return f"pod {name_of(pod)}: {phase}, Ready {ready}"


def _last_events(evidence: Evidence, pod: K8sObject) -> list[str]:
    return [event_line(event) for event in evidence.events_of("Pod", name_of(pod)) if event.get("type") == "Warning"][
        :2
    ]


def _last_words(evidence: Evidence, part: Component) -> list[str]:
    lines = [text for _, text in evidence.lines(part.reports_to)]
    worrying = [line for line in lines if re.search(r"(?i)error|fail|refused|denied|timed? ?out", line)]
    return [f"log: {line}" for line in (worrying or lines)[-2:]]
