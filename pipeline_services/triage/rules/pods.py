"""Why a pod is not ready, told from its status, its events and its last words (section 2's bad statuses and more)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from pipeline_services.checklist.run import CheckResult
from pipeline_services.judgements.pods import STARTING_FOR
from pipeline_services.model.k8s import (
    K8sObject,
    age,
    age_since_start,
    condition,
    condition_since,
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
from pipeline_services.model.kinds import WORKLOADS
from pipeline_services.triage.evidence import COMPONENT_OF, Evidence
from pipeline_services.triage.graph import affected
from pipeline_services.triage.model import Confidence, Finding
from pipeline_services.triage.rules.containers import ended, stuck_container
from pipeline_services.triage.rules.finding import event_line, of_app, tell
from pipeline_services.triage.rules.probes import unready
from pipeline_services.triage.rules.scheduling import unscheduled

MANY_RESTARTS: Final = 5
SETTLING_FOR: Final = 150.0
"""Seconds after a start in which windows of two minutes are not full yet."""
_Rule = Callable[[Evidence, str, K8sObject], Iterator[Finding]]


def pod_findings(evidence: Evidence, app: str, workload: K8sObject) -> Iterator[Finding]:
    """What is wrong with the app's pods: one finding for each cause, on the pod that shows it best."""
    told: dict[tuple[str, str], Finding] = {}
    pods = sorted(evidence.pods(app), key=lambda pod: (is_ready(pod), -age(pod, evidence.now)))
    for pod in pods:
        for finding in _of(evidence, app, pod):
            told.setdefault((finding.cause.id, finding.component), finding)
    if not told and not evidence.ready(app):
        told["", ""] = _absent(evidence, app, workload)
    yield from told.values()


def settling(evidence: Evidence, inconclusive: Sequence[CheckResult]) -> Iterator[Finding]:
    """Ready pods that are too new to be judged by figures, where something could not be asked for that."""
    for app in COMPONENT_OF:
        waiting = [one for one in inconclusive if _concerns(one, app)]
        ages = [age_since_start(pod, evidence.now) for pod in evidence.ready(app)]
        young = [one for one in ages if one < SETTLING_FOR]
        if waiting and young:
            yield tell(
                evidence,
                "settling",
                COMPONENT_OF[app],
                f"a pod of {app} has just been started; its figures are still to come",
                *(f"{one.id}: {one.why}" for one in waiting),
                subject=f"{WORKLOADS[app].singular}/{app}",
                since=evidence.now - min(young),
                affects={*affected(COMPONENT_OF[app]), "hpa"},
                details=of_app(app),
            )


def _concerns(result: CheckResult, app: str) -> bool:
    """Whether a check is about the app or says its name."""
    return app == result.component or app in result.case.id.label or app in result.why


def _of(evidence: Evidence, app: str, pod: K8sObject) -> Iterator[Finding]:
    if phase_of(pod) == "Failed":
        yield _failed(evidence, app, pod)
        return
    rules: tuple[_Rule, ...] = (unscheduled, stuck_container, ended) if not is_ready(pod) else (ended,)
    for rule in rules:
        found = list(rule(evidence, app, pod))
        if found:
            yield from found
            return
    if is_ready(pod):
        yield from _often(evidence, app, pod)
    else:
        yield from unready(evidence, app, pod) or _young_or_unready(evidence, app, pod)


def _failed(evidence: Evidence, app: str, pod: K8sObject) -> Finding:
    reason, message = status_of(pod).get("reason", "Error"), status_of(pod).get("message", "")
    return tell(
        evidence,
        "pod-evicted",
        COMPONENT_OF[app],
        f"pod {name_of(pod)} was ended by its node: {reason} {message}",
        f"phase Failed, reason {reason}",
        message,
        subject=f"pod/{name_of(pod)}",
        details=of_app(app, pod),
    )


def _young_or_unready(evidence: Evidence, app: str, pod: K8sObject) -> Iterator[Finding]:
    component, subject = COMPONENT_OF[app], f"pod/{name_of(pod)}"
    since = condition_since(pod, "Ready")
    if age_since_start(pod, evidence.now) < STARTING_FOR:
        rolling = _rolling(evidence, app)
        cause = "rollout-under-way" if rolling else "pod-replaced"
        what = f"a rollout of {app} is under way" if rolling else f"a pod of {app} has been replaced and is starting"
        yield tell(
            evidence,
            cause,
            component,
            f"{what}: {name_of(pod)}",
            _phase(pod),
            *_last_events(evidence, pod),
            subject=subject,
            since=created_at(pod),
            details=of_app(app, pod),
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
        *_last_words(evidence, app),
        subject=subject,
        since=since,
        confidence=Confidence.LOW,
        details=of_app(app, pod),
    )


def _rolling(evidence: Evidence, app: str) -> bool:
    """Whether the template changed, as against a pod that was merely replaced."""
    workload = evidence.workload(app)
    if workload is None:
        return False
    progress, status = progress_of(workload), status_of(workload)
    if "updateRevision" in status:  # a StatefulSet, which counts a pod that was deleted as one still to be updated
        return not progress.seen_by_controller or status.get("currentRevision") != status["updateRevision"]
    hashes = {labels_of(pod).get("pod-template-hash") for pod in evidence.all_pods(app)}
    return not progress.seen_by_controller or progress.updated < progress.wanted or len(hashes - {None}) > 1


def _absent(evidence: Evidence, app: str, workload: K8sObject) -> Finding:
    """No pod stands: one is going and the next is not there yet, or nobody makes one."""
    component = COMPONENT_OF[app]
    leaving = [pod for pod in evidence.all_pods(app) if is_terminating(pod)]
    subject = f"{WORKLOADS[app].singular}/{app}"
    if leaving:
        summary = f"the only pod of {app} is being deleted; the next one comes after it"
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
                details=of_app(app, leaving[0]),
            )
        return tell(
            evidence,
            "pod-replaced",
            component,
            summary,
            f"pod {name_of(leaving[0])} is ending",
            subject=subject,
            since=min(since, evidence.now),
            details=of_app(app, leaving[0]),
        )
    return _nobody_makes_it(evidence, app, workload)


def _nobody_makes_it(evidence: Evidence, app: str, workload: K8sObject) -> Finding:
    component, kind = COMPONENT_OF[app], WORKLOADS[app].singular
    subject = f"{kind}/{app}"
    stray = next((pod for pod in evidence.objects("pods") if _belongs(pod, app)), None)
    if stray is not None:
        label = labels_of(stray).get("app")
        return tell(
            evidence,
            "label-wrong",
            component,
            f"pod {name_of(stray)} runs and does not carry the label app={app}, so nothing finds it",
            f"its label app is {label!r}",
            str(progress_of(workload)),
            subject=f"pod/{name_of(stray)}",
            since=evidence.changed("pods", name_of(stray)),
            details=of_app(app, stray),
        )
    events = evidence.events_of(WORKLOADS[app].name, app)
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
        details=of_app(app),
    )


def _belongs(pod: K8sObject, app: str) -> bool:
    """By its name, whatever its labels say."""
    return re.fullmatch(rf"{re.escape(app)}-(\d+|[0-9a-f]+-\w+|\w+)", name_of(pod)) is not None


def _often(evidence: Evidence, app: str, pod: K8sObject) -> Iterator[Finding]:
    restarts = restarts_of(pod)
    if restarts >= MANY_RESTARTS:
        yield tell(
            evidence,
            "restarted-often",
            COMPONENT_OF[app],
            f"pod {name_of(pod)} was restarted {restarts} times; from {MANY_RESTARTS} on that is no self-healing",
            f"restartCount {restarts}",
            *_last_events(evidence, pod),
            subject=f"pod/{name_of(pod)}",
            affects={COMPONENT_OF[app]},
            details=of_app(app, pod),
        )


def _phase(pod: K8sObject) -> str:
    phase, ready = phase_of(pod) or "Unknown", condition(pod, "Ready").get("status", "?")
    return f"pod {name_of(pod)}: {phase}, Ready {ready}"


def _last_events(evidence: Evidence, pod: K8sObject) -> list[str]:
    return [event_line(event) for event in evidence.events_of("Pod", name_of(pod)) if event.get("type") == "Warning"][
        :2
    ]


def _last_words(evidence: Evidence, app: str) -> list[str]:
    lines = [text for _, text in evidence.lines(COMPONENT_OF[app])]
    worrying = [line for line in lines if re.search(r"(?i)error|fail|refused|denied|timed? ?out", line)]
    return [f"log: {line}" for line in (worrying or lines)[-2:]]
