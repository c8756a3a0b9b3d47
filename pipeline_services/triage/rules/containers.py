"""Containers that cannot start, that ended, or that were killed: told from their states and their last words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
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
    epoch,
    init_container_statuses,
    init_containers_of,
    is_ready,
    is_running,
    last_end,
    limits_of,
    name_of,
    owners_of,
    state_of,
)
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Finding
from pipeline_services.triage.rules.finding import event_line, of_part, tell
from pipeline_services.triage.rules.probes import killed_by_probe

JUST_RESTARTED: Final = 120.0
"""Seconds for which a restart that went well is still told."""
OFTEN: Final = 2
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
_CANNOT_RUN: Final = frozenset(
    {"RunContainerError", "CreateContainerError", "StartError", "ContainerCannotRun", "PreCreateHookError"}
)
_NEVER_RAN: Final = frozenset({125, 126, 127, 128})
_NOT_FOUND: Final = r"(?i)(configmap|secret|key)\b.*(not found|non-?existent)|references non-existent|couldn't find key"
_NO_PROGRAM: Final = (
    r"No module named|can't open file|exec format error|command not found|executable file not found"
    r"|unrecognized arguments|unknown flag|Could not find or load main class"
)
_WORRY: Final = (
    r"(?i)error|fail|refused|denied|timed? ?out|no such|not found|cannot|invalid|exception|no space|unauthorized"
)


def stuck_container(evidence: Evidence, part: Component, pod: K8sObject) -> Iterator[Finding]:
    """A container that waits for something which does not come by itself."""
    component, subject = part.reports_to, f"pod/{name_of(pod)}"
    since = created_at(pod)
    for status in _statuses(pod):
        waiting = state_of(status, "waiting")
        reason, message = waiting.get("reason", ""), str(waiting.get("message") or "")
        seen = (f"container {status['name']} of {name_of(pod)} waits: {reason} {message}", *_warnings(evidence, pod))
        if reason in _IMAGE:
            yield tell(
                evidence,
                "image-unavailable",
                component,
                f"the image {status.get('image') or _image(pod, status)} of {part.id} cannot be had",
                *seen,
                *_last_template_change(evidence, part),
                subject=subject,
                since=since,
                details=of_part(part, pod),
            )
            return
        if reason == "CreateContainerConfigError" and re.search(_NOT_FOUND, message):
            yield tell(
                evidence,
                "reference-missing",
                "config",
                f"{part.id} cannot start: {message}",
                *seen,
                subject=subject,
                since=since,
                affects=evidence.pipeline.affected_by(component),
                details=of_part(part, pod),
            )
            return
        if reason in _CANNOT_RUN or reason == "CreateContainerConfigError":
            yield tell(
                evidence,
                "container-cannot-start",
                component,
                f"the container of {part.id} cannot be run: {message}",
                *seen,
                *_last_template_change(evidence, part),
                subject=subject,
                since=since,
                details=of_part(part, pod),
            )
            return
    yield from _unmounted(evidence, part, pod, since)


def _unmounted(evidence: Evidence, part: Component, pod: K8sObject, since: float) -> Iterator[Finding]:
    """Volumes that cannot be mounted hold the whole pod up; where a container runs or ran, they have been since."""
    component, subject = part.reports_to, f"pod/{name_of(pod)}"
    if any(is_running(status) or _last_end(status) for status in _statuses(pod)):
        return
    failed = evidence.events_of("Pod", name_of(pod), "FailedMount", "FailedAttachVolume", "FailedMapVolume")
    if not failed:
        return
    seen, message = [event_line(event) for event in failed[:2]], failed[0].get("message", "")
    if re.search(_NOT_FOUND, message):
        yield tell(
            evidence,
            "reference-missing",
            "config",
            f"{part.id} cannot start: {message}",
            *seen,
            subject=subject,
            since=since,
            affects=evidence.pipeline.affected_by(component),
            details=of_part(part, pod),
        )
    else:
        yield tell(
            evidence,
            "volume-missing",
            "storage",
            f"a volume of {part.id} cannot be mounted: {message}",
            *seen,
            subject=subject,
            since=since,
            affects=evidence.pipeline.affected_by(component),
            details=of_part(part, pod),
        )


def ended(evidence: Evidence, part: Component, pod: K8sObject) -> Iterator[Finding]:
    """A container that ended: for its memory, by its probe, or for a reason of its own."""
    for status in _statuses(pod):
        last = _last_end(status)
        if not last:
            continue
        at = epoch(last["finishedAt"]) if last.get("finishedAt") else evidence.now
        ran = (epoch(last["startedAt"]) if last.get("startedAt") else 0.0, at)
        well = is_ready(pod)
        if last.get("reason") == "OOMKilled" and evidence.now - at < OOM_RECENT:
            yield _out_of_memory(evidence, part, pod, status, at)
            return
        if (well or is_running(status)) and evidence.now - at > JUST_RESTARTED:
            continue
        if last.get("exitCode") in (0, 143) and well:
            continue
        yield from killed_by_probe(evidence, part, pod, status, ran) or [_crashed(evidence, part, pod, status, at)]
        return


def _out_of_memory(evidence: Evidence, part: Component, pod: K8sObject, status: K8sObject, at: float) -> Finding:
    limit = limits_of(_container(pod, status["name"])).get("memory", "none")
    count = status["restartCount"]
    once = is_ready(pod) and count < OFTEN
    often = "once" if count == 1 else f"{count} times so far"
    summary = f"{part.id} used more memory than its limit ({limit}) and was killed for it, {often}"
    return tell(
        evidence,
        "out-of-memory",
        part.reports_to,
        summary,
        f"container {status['name']} of {name_of(pod)}: OOMKilled",
        f"memory limit {limit}",
        *_last_template_change(evidence, part),
        subject=f"pod/{name_of(pod)}",
        since=at,
        self_healing=once,
        heals_within=OOM_RECENT + 15 if once else None,
        details=of_part(part, pod),
    )


def _crashed(evidence: Evidence, part: Component, pod: K8sObject, status: K8sObject, at: float) -> Finding:
    last = _last_end(status)
    component, subject = part.reports_to, f"pod/{name_of(pod)}"
    code, count = last.get("exitCode"), status["restartCount"]
    words = last_words(evidence, part, pod, status["name"])
    details = of_part(part, pod, container=str(status["name"]))
    seen = (
        f"container {status['name']} of {name_of(pod)} ended with exit code {code} ({last.get('reason', '')})",
        f"{count} restarts",
        *(f"its last words: {line}" for line in words),
        *_last_template_change(evidence, part),
    )
    if last.get("reason") in _CANNOT_RUN or code in _NEVER_RAN or any(re.search(_NO_PROGRAM, line) for line in words):
        return tell(
            evidence,
            "container-cannot-start",
            component,
            f"the program of {part.id} cannot be run: exit code {code}",
            *seen,
            subject=subject,
            since=at,
            details=details,
        )
    waits = state_of(status, "waiting").get("reason") == "CrashLoopBackOff"
    if not is_ready(pod) and (waits or count >= OFTEN):
        began = created_at(pod)
        why = f": {words[-1]}" if words else ""
        return tell(
            evidence,
            "crash-loop",
            component,
            f"{part.id} ends again and again ({count} restarts){why}",
            *seen,
            subject=subject,
            since=began,
            details=details,
        )
    state = "runs again" if is_ready(pod) else "is being started again"
    return tell(
        evidence,
        "process-crashed",
        component,
        f"the process of {part.id} ended with exit code {code} and {state}",
        *seen,
        subject=subject,
        since=at,
        details=details,
    )


def last_words(evidence: Evidence, part: Component, pod: K8sObject, container: str) -> list[str]:
    """The most telling of the last lines that the container wrote before it ended."""
    lines: list[str] = []
    for tail in evidence.data(f"logs/{part.id}") or []:
        if tail["pod"] == name_of(pod) and tail["container"] == container:
            lines = [entry.partition(" ")[2] for entry in (tail.get("previous") or tail["lines"])]
    worrying = [line for line in lines if re.search(_WORRY, line)]
    return [_spoken(line) for line in (worrying or lines)[-2:]]


def _spoken(line: str) -> str:
    """What a line of a log says, without what only programs read in it."""
    try:
        said = json.loads(line)
        return f"{said['level']}: {said['message']}"
    except (ValueError, TypeError, KeyError):
        return line


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
    if newest is None or len(owned) < OFTEN:
        return []
    if age(newest, evidence.now) > 3600:
        return []
    made = newest["metadata"]["creationTimestamp"]
    revision = annotations_of(newest).get("deployment.kubernetes.io/revision", "?")
    return [f"its template was changed last at {made} (revision {revision})"]


def _statuses(pod: K8sObject) -> list[K8sObject]:
    return [*init_container_statuses(pod), *container_statuses(pod)]


def _container(pod: K8sObject, name: str) -> dict[str, Any]:
    containers = (*init_containers_of(pod), *containers_of(pod))
    return next((container for container in containers if container["name"] == name), {})


def _image(pod: K8sObject, status: K8sObject) -> str:
    return str(_container(pod, status["name"]).get("image", "?"))


def _warnings(evidence: Evidence, pod: K8sObject) -> list[str]:
    return [event_line(event) for event in evidence.events_of("Pod", name_of(pod)) if event.get("type") == "Warning"][
        :2
    ]
