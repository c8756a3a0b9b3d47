"""Containers that cannot start, that ended, or that were killed: from container states and last log lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from pipeline_services.judgements.pods import OOM_RECENT
from pipeline_services.model.component import Component
from pipeline_services.model.k8s import (
    K8sObject,
    age,
    annotations_of,
    container_statuses,
    containers_of,
    created_at,
    creation_time,
    epoch,
    init_container_statuses,
    init_containers_of,
    is_ready,
    is_running,
    last_end,
    limits_of,
    name_of,
    owners_of,
    recent_restarts,
    state_of,
)
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.triage.causes.finding import About, event_line, make_finding, warnings_about
from pipeline_services.triage.causes.log_lines import last_log_lines
from pipeline_services.triage.causes.probes import killed_by_probe
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Finding
from pipeline_services.triage.revisions import LATELY_S
from pipeline_services.triage.steps import BEFORE, DESCRIBE, HISTORY, READY, ROLL_BACK, ROLL_FORWARD

CAUSES: Final = (
    Cause(
        "process-crashed",
        "a process exited and was restarted",
        Escalation.L1,
        "self-healing",
        heals_within=60,
        steps=(BEFORE, "kubectl get pods -n {namespace} -l {selector} --watch"),
        afterwards=READY,
    ),
    Cause(
        "crash-loop",
        "a process exits again and again",
        Escalation.L2,
        "pod-status",
        symptomatic=True,
        steps=(BEFORE, HISTORY, ROLL_BACK),
        undo=ROLL_FORWARD,
        afterwards=READY,
    ),
    Cause(
        "image-unavailable",
        "the image cannot be pulled",
        Escalation.L2,
        "pod-status",
        steps=(DESCRIBE, HISTORY, ROLL_BACK),
        undo=ROLL_FORWARD,
        afterwards=READY,
    ),
    Cause(
        "container-cannot-start",
        "the container's command or settings are invalid",
        Escalation.L2,
        "pod-status",
        steps=(DESCRIBE, HISTORY, ROLL_BACK),
        undo=ROLL_FORWARD,
        afterwards=READY,
    ),
)

JUST_RESTARTED: Final = 120.0
"""Seconds for which a finished restart is still a finding."""
LOOP_RESTARTS: Final = 2
"""Restarts of a container that is not ready, from which on it is a loop."""
_IMAGE: Final = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
    }
)
_REFUSED_PULL: Final = re.compile(
    r"429 Too Many Requests|toomanyrequests|no space left on device|x509: [^\";\n]+|pull access denied|401 Unauthorized"
)
_CANNOT_RUN: Final = frozenset(
    {"RunContainerError", "CreateContainerError", "StartError", "ContainerCannotRun", "PreCreateHookError"}
)
_NEVER_RAN: Final = frozenset({125, 126, 127, 128})
_NOT_FOUND: Final = r"(?i)(configmap|secret|key)\b.*(not found|non-?existent)|references non-existent|couldn't find key"
_NO_PROGRAM: Final = (
    r"No module named|can't open file|exec format error|command not found|executable file not found"
    r"|unrecognized arguments|unknown flag|Could not find or load main class"
)


def stuck_container(evidence: Evidence, part: Component, pod: K8sObject) -> Iterator[Finding]:
    """A container that waits for something that needs action."""
    since = created_at(pod)
    for status in _statuses(pod):
        waiting = state_of(status, "waiting")
        reason, message = waiting.get("reason", ""), str(waiting.get("message") or "")
        seen = (
            f"container {status['name']} of {name_of(pod)} waits: {reason} {message}",
            *warnings_about(evidence, pod),
        )
        if reason in _IMAGE:
            yield make_finding(
                About(evidence, part, pod),
                "image-unavailable",
                f"the image {status.get('image') or _image(pod, status)} of {part.id} cannot be pulled{_refusal(seen)}",
                *seen,
                *_last_template_change(evidence, part),
                since=since,
            )
            return
        if reason == "CreateContainerConfigError" and re.search(_NOT_FOUND, message):
            yield make_finding(
                About(evidence, part, pod, owner="config"),
                "reference-missing",
                f"{part.id} cannot start: {message}",
                *seen,
                since=since,
            )
            return
        if reason in _CANNOT_RUN or reason == "CreateContainerConfigError":
            yield make_finding(
                About(evidence, part, pod),
                "container-cannot-start",
                f"the container of {part.id} cannot be run: {message}",
                *seen,
                *_last_template_change(evidence, part),
                since=since,
            )
            return
    yield from _unmounted(evidence, part, pod, since)


def _refusal(seen: Iterable[str]) -> str:
    """Why the registry, or the node, refuses an image that there is, in its own words."""
    found = next(filter(None, map(_REFUSED_PULL.search, seen)), None)
    return f": {found[0].strip()}" if found else ""


def _unmounted(evidence: Evidence, part: Component, pod: K8sObject, since: float) -> Iterator[Finding]:
    """Volumes that cannot be mounted keep the pod from starting; once a container has run, they are mounted."""
    if any(is_running(status) or _last_end(status) for status in _statuses(pod)):
        return
    failed = evidence.events_of("Pod", name_of(pod), "FailedMount", "FailedAttachVolume", "FailedMapVolume")
    if not failed:
        return
    message = failed[0].get("message", "")
    cause, component, summary = (
        ("reference-missing", "config", f"{part.id} cannot start: {message}")
        if re.search(_NOT_FOUND, message)
        else ("volume-missing", "storage", f"a volume of {part.id} cannot be mounted: {message}")
    )
    seen = [event_line(event) for event in failed[:2]]
    yield make_finding(About(evidence, part, pod, owner=component), cause, summary, *seen, since=since)


def ended(evidence: Evidence, part: Component, pod: K8sObject) -> Iterator[Finding]:
    """A container that ended: out of memory, killed by its probe, or by itself."""
    for status in _statuses(pod):
        last = _last_end(status)
        if not last:
            continue
        at = epoch(last["finishedAt"]) if last.get("finishedAt") else evidence.now
        ran = (epoch(last["startedAt"]) if last.get("startedAt") else 0.0, at)
        ready = is_ready(pod)
        if last.get("reason") == "OOMKilled" and evidence.now - at < OOM_RECENT:
            yield _out_of_memory(evidence, part, pod, status, at)
            return
        if (ready or is_running(status)) and evidence.now - at > JUST_RESTARTED:
            continue
        if last.get("exitCode") in (0, 143) and ready:
            continue
        yield from killed_by_probe(evidence, part, pod, status, ran) or [_crashed(evidence, part, pod, status, at)]
        return


def _out_of_memory(evidence: Evidence, part: Component, pod: K8sObject, status: K8sObject, at: float) -> Finding:
    limit = limits_of(_container(pod, status["name"])).get("memory", "none")
    count = recent_restarts(status, evidence.now)
    once = is_ready(pod) and count < LOOP_RESTARTS
    often = "once" if count == 1 else f"{count} times so far"
    told = make_finding(
        About(evidence, part, pod),
        "out-of-memory",
        f"{part.id} exceeded its memory limit ({limit}) and was killed, {often}",
        f"container {status['name']} of {name_of(pod)}: OOMKilled",
        f"memory limit {limit}",
        *_last_template_change(evidence, part),
        since=at,
    )
    healing_within = OOM_RECENT + 15 if once else None
    return replace(told, self_healing=once, heals_within=healing_within)


def _crashed(evidence: Evidence, part: Component, pod: K8sObject, status: K8sObject, at: float) -> Finding:
    last = _last_end(status)
    code, count = last.get("exitCode"), recent_restarts(status, evidence.now)
    words = last_log_lines(evidence, part, pod, status["name"])
    about = About(evidence, part, pod, details={"container": str(status["name"])})
    seen = (
        f"container {status['name']} of {name_of(pod)} ended with exit code {code} ({last.get('reason', '')})",
        f"{count} restarts",
        *(f"last log line: {line}" for line in words),
        *_last_template_change(evidence, part),
    )
    if last.get("reason") in _CANNOT_RUN or code in _NEVER_RAN or any(re.search(_NO_PROGRAM, line) for line in words):
        return make_finding(
            about,
            "container-cannot-start",
            f"the program of {part.id} cannot be run: exit code {code}",
            *seen,
            since=at,
        )
    waits = state_of(status, "waiting").get("reason") == "CrashLoopBackOff"
    if not is_ready(pod) and (waits or count >= LOOP_RESTARTS):
        why = f": {words[-1]}" if words else ""
        return make_finding(
            about, "crash-loop", f"{part.id} keeps crashing ({count} restarts){why}", *seen, since=created_at(pod)
        )
    state = "runs again" if is_ready(pod) else "is being started again"
    return make_finding(
        about, "process-crashed", f"the process of {part.id} {_ended(code)} and {state}", *seen, since=at
    )


def _ended(code: int | None) -> str:
    """How a process ended, by its exit code; one that was killed for memory is told as that before."""
    killed = {137: "was killed, not for memory", 143: "was told to end"}.get(code or 0)
    return f"{killed} (exit code {code})," if killed else f"ended with exit code {code}"


def _last_end(status: K8sObject) -> K8sObject:
    """How the container ended: this life where it is over, else the one before."""
    return state_of(status, "terminated") or last_end(status)


def _last_template_change(evidence: Evidence, part: Component) -> list[str]:
    """What changed last: the newest template of a Deployment, where it is younger than an hour."""
    owned = [
        replica_set
        for replica_set in evidence.objects("replicasets")
        if any(owner["name"] == part.workload for owner in owners_of(replica_set))
    ]
    newest = max(owned, key=created_at, default=None)
    if newest is None or len(owned) < LOOP_RESTARTS:
        return []
    if age(newest, evidence.now) > LATELY_S:
        return []
    made = creation_time(newest)
    revision = annotations_of(newest).get("deployment.kubernetes.io/revision", "?")
    return [f"template last changed at {made} (revision {revision})"]


def _statuses(pod: K8sObject) -> list[K8sObject]:
    return [*init_container_statuses(pod), *container_statuses(pod)]


def _container(pod: K8sObject, name: str) -> dict[str, Any]:
    containers = (*init_containers_of(pod), *containers_of(pod))
    return next((container for container in containers if container["name"] == name), {})


def _image(pod: K8sObject, status: K8sObject) -> str:
    return str(_container(pod, status["name"]).get("image", "?"))
