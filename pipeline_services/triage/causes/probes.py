"""What the probes of a pod say: a hung process keeps its connections open and does not answer; a wrong
probe is refused, or gets "no such page" from a healthy process."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from pipeline_services.judgements.pods import STARTING_FOR
from pipeline_services.judgements.readings import newest_stored_age
from pipeline_services.model import roles
from pipeline_services.model.component import Component
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.k8s import (
    K8sObject,
    condition_since,
    containers_of,
    is_ready,
    last_seen,
    name_of,
    recent_restarts,
    recent_restarts_of,
    started_at,
)
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.model.metrics.levels.pods import MAX_RESTARTS
from pipeline_services.model.text import duration, without_request
from pipeline_services.triage.causes.finding import About, make_finding
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Confidence, Finding
from pipeline_services.triage.steps import DELETE_POD, DESCRIBE, HISTORY, LOGS, READY, ROLL_BACK, ROLL_FORWARD

CAUSES: Final = (
    Cause(
        "process-hung",
        "a process runs but does not answer",
        Escalation.L1,
        "pod-status",
        heals_within=120,
        steps=(LOGS, DELETE_POD),
        afterwards=READY,
    ),
    Cause(
        "probe-wrong",
        "a probe fails on a healthy process",
        Escalation.L2,
        "pod-status",
        steps=(DESCRIBE, HISTORY, ROLL_BACK),
        undo=ROLL_FORWARD,
        afterwards=READY,
    ),
)

_TIMED_OUT: Final = r"(?i)deadline exceeded|timed? ?out|i/o timeout"
_REFUSED: Final = (
    r"(?i)connection refused|statuscode: 40[0-9]|no such file|not found|executable file"
    r"|HTTP response to HTTPS|server gave HTTP"
)
_TROUBLE: Final = r"(?i)error|warn|fail|refused|timed? ?out|traceback"
STOPPED_S: Final = 60.0
"""Age of the newest stored reading from which on nothing arrives any more."""
STARTUP_S: Final = 15.0
"""Seconds after its start from which on a refused probe is no start-up any more."""


def unready(evidence: Evidence, part: Component, pod: K8sObject) -> list[Finding]:
    """A pod that runs and is not ready, if its probes' events say why."""
    failed = _failures(evidence, pod, since=0.0)
    started = started_at(pod)
    if not failed or started is None:
        return []
    recent = [event for event in failed if last_seen(event) >= max(started, evidence.now - 60)]
    message = " ".join(str(event.get("message", "")) for event in recent[:3])
    seen = [_said(event) for event in recent[:2]]
    since = condition_since(pod, "Ready")
    if _is_wrong(evidence, pod, recent, started):
        summary = f"the {_which(message)} of {part.id} fails although its process runs"
        lines = (*seen, *_probe_lines(pod), *alive(evidence, part))
        return [make_finding(About(evidence, part, pod), "probe-wrong", summary, *lines, since=since)]
    if re.search(_TIMED_OUT, message) and evidence.now - started > STARTUP_S and not _is_start_up(recent):
        summary = f"{part.id} runs but does not answer: {name_of(pod)}"
        hung = make_finding(About(evidence, part, pod), "process-hung", summary, *seen, since=since)
        return [replace(hung, self_healing=_is_restarted(pod) and recent_restarts_of(pod, evidence.now) < MAX_RESTARTS)]
    return []


def killed_by_probe(
    evidence: Evidence, part: Component, pod: K8sObject, status: K8sObject, ran: tuple[float, float]
) -> list[Finding]:
    """A container that the kubelet killed because a probe failed.

    Args:
        ran: start and end of this container's run (epoch seconds); earlier events belong to earlier runs.
    """
    began, at = ran
    before = [event for event in _failures(evidence, pod, since=max(at - 120, began)) if last_seen(event) <= at + 2]
    failed = [event for event in before if _fatal(event)]
    killing = [
        event
        for event in evidence.events_of("Pod", name_of(pod), "Killing")
        if "probe" in event.get("message", "") and began <= last_seen(event) <= at + 2
    ]
    if not failed or not killing:
        return []
    message = " ".join(str(event.get("message", "")) for event in failed[:3])
    seen = [_said(event) for event in (*failed[:2], killing[0])]
    count = recent_restarts(status, evidence.now)
    if re.search(_REFUSED, message) and not re.search(_TIMED_OUT, message):
        what = "for what it does not have" if "statuscode" in message else "on a port that nothing listens on"
        summary = f"the {_which(message)} of {part.id} asks {what}, and so it is killed"
        lines = (*seen, *_probe_lines(pod), *alive(evidence, part))
        return [make_finding(About(evidence, part, pod), "probe-wrong", summary, *lines, since=at)]
    state = "was started again" if is_ready(pod) else "is being started again"
    summary = f"{part.id} did not answer its probe, was killed and {state}"
    hung = make_finding(About(evidence, part, pod), "process-hung", summary, *seen, f"{count} restarts", since=at)
    return [replace(hung, self_healing=count < MAX_RESTARTS)]


def silent(evidence: Evidence, app: str, unscraped: str) -> Finding | None:
    """A process that hangs while nobody asks it: no probe can fail, only Prometheus' scrape times out.

    A policy that only keeps Prometheus away looks the same, but then readings go on being stored.

    Args:
        unscraped: what Prometheus says of the one target that it cannot scrape.
    """
    if not re.search(_TIMED_OUT, unscraped):
        return None
    return _unasked(evidence, app, unscraped, affects={*evidence.pipeline.affected_by(app), roles.PROMETHEUS})


def stands_still(evidence: Evidence, app: str, seen: str) -> Finding | None:
    """The same where nobody scrapes it: it takes nothing of what comes in, and has nothing to say of that.

    That is a guess, and gives way to whatever keeps the readings from it.

    Args:
        seen: what shows that nothing moves on.
    """
    found = None if evidence.said(app, _TROUBLE, within=STOPPED_S) else _unasked(evidence, app, seen)
    return found and replace(found, cause=replace(found.cause, symptomatic=True), confidence=Confidence.MEDIUM)


def _unasked(evidence: Evidence, app: str, seen: str, affects: Iterable[str] | None = None) -> Finding | None:
    """A process on the way of the readings that no probe asks, while none of them has been stored for a minute."""
    part = evidence.pipeline[app]
    ready = [pod for pod in evidence.pods(app) if is_ready(pod)]
    if app not in evidence.pipeline.data_path or not ready or any(map(_is_asked, ready)):
        return None
    try:
        age = newest_stored_age(evidence.snapshot)
    except PipelineError:
        return None
    if age < STOPPED_S:
        return None
    return replace(
        make_finding(
            About(evidence, part, ready[0], affects=affects),
            "process-hung",
            f"{app} is Ready and does not answer: {name_of(ready[0])}; no reading has been stored for {duration(age)}",
            seen,
            f"no probe of {app} asks the process, so nothing restarts it",
            since=evidence.snapshot.taken_at - age,
        ),
        self_healing=False,
    )


def _is_asked(pod: K8sObject) -> bool:
    """Whether a probe asks a process of the pod over the network, as opposed to a command that may say anything."""
    kinds = ("livenessProbe", "readinessProbe")
    return any(
        {"httpGet", "grpc"} & (container.get(kind) or {}).keys() for container in containers_of(pod) for kind in kinds
    )


def _is_restarted(pod: K8sObject) -> bool:
    """Whether the kubelet starts a process of the pod anew that does not answer."""
    return any(container.get("livenessProbe") for container in containers_of(pod))


def alive(evidence: Evidence, part: Component) -> list[str]:
    """Evidence that the process itself works."""
    targets, pods = evidence.data("prometheus_targets") or [], set(map(name_of, evidence.pods(part.id)))
    up = [target for target in targets if target["labels"].get("pod") in pods and target["health"] == "up"]
    return [f"Prometheus scrapes {part.id}: its target is up"] if up else []


def _is_wrong(evidence: Evidence, pod: K8sObject, failed: list[K8sObject], started: float) -> bool:
    messages = [str(event.get("message", "")) for event in failed if last_seen(event) - started > STARTUP_S]
    refused = [message for message in messages if re.search(_REFUSED, message) and not re.search(_TIMED_OUT, message)]
    if not refused or any(re.search(_TIMED_OUT, message) for message in messages):
        return False
    long_enough = evidence.now - started > STARTING_FOR or any("statuscode: 404" in message for message in refused)
    return long_enough or not _has_startup_probe(pod) or not any("Startup" in message for message in refused)


def _has_startup_probe(pod: K8sObject) -> bool:
    return any("startupProbe" in container for container in containers_of(pod))


def _is_start_up(events: list[K8sObject]) -> bool:
    return all("Startup probe" in str(event.get("message", "")) for event in events)


def _failures(evidence: Evidence, pod: K8sObject, since: float) -> list[K8sObject]:
    return [event for event in evidence.events_of("Pod", name_of(pod), "Unhealthy") if last_seen(event) >= since]


def _fatal(event: K8sObject) -> bool:
    return bool(re.match(r"(Liveness|Startup) probe", str(event.get("message", ""))))


def _said(event: K8sObject) -> str:
    """What the kubelet says of the pod that is told of."""
    return f"kubelet: {without_request(event.get('message', ''))}"


def _which(message: str) -> str:
    kind = re.match(r"(Liveness|Readiness|Startup) probe", message)
    return f"{kind.group(1).lower()} probe" if kind else "probe"


def _probe_lines(pod: K8sObject) -> list[str]:
    lines = []
    for container in containers_of(pod):
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            probe: Mapping[str, Any] = container.get(kind) or {}
            get = probe.get("httpGet")
            if get:
                where = f"{get.get('scheme', 'HTTP')} :{get.get('port')}{get.get('path', '')}"
                lines.append(f"{kind} of {container['name']} asks {where}")
    return lines
