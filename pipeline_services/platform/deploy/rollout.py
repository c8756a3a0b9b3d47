"""Waiting until everything that was applied also runs, and saying what does not and why."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from pipeline_services.clients.kubernetes import Cluster, Object
from pipeline_services.model.errors import NoData, PipelineError, UnexpectedAnswer
from pipeline_services.model.failures import PlatformError
from pipeline_services.model.k8s import (
    K8sObject,
    condition,
    condition_status,
    container_statuses,
    containers_of,
    has_labels,
    is_complete,
    is_ready,
    is_terminating,
    is_true,
    last_end,
    match_labels_of,
    name_of,
    owners_of,
    phase_of,
    state_of,
    status_of,
    template_of,
)
from pipeline_services.model.kinds import WORKLOAD_KINDS
from pipeline_services.model.say import Say
from pipeline_services.model.waiting import WaitExpired, wait_until
from pipeline_services.platform.deploy.drift import listed

WITHIN: Final = 300.0
NEVER_STARTS: Final = {"ErrImageNeverPull", "ErrImagePull", "ImagePullBackOff", "InvalidImageName"}
STUCK: Final = {*NEVER_STARTS, "CrashLoopBackOff", "CreateContainerConfigError", "CreateContainerError"}
CRASHES: Final = 6  # restarts of one container after which waiting longer does not help
LOG_LINES: Final = 8


@dataclass(frozen=True, slots=True)
class State:
    """The workloads that are wanted, and all pods, at one moment."""

    workloads: tuple[Object, ...]
    pods: tuple[Object, ...]

    def unfinished(self) -> list[Object]:
        """The workloads that do not yet run as their spec says."""
        return [workload for workload in self.workloads if not is_complete(workload)]

    def pods_of(self, workload: Mapping[str, Any]) -> list[Object]:
        return [pod for pod in self.pods if has_labels(pod, match_labels_of(workload))]


class RolloutFailed(PlatformError):
    """A workload does not come up. The message says which pod, why, and how its log ends."""


def wait_for(api: Cluster, pool: Executor, wanted: Iterable[str], progress: Say, within: float = WITHIN) -> None:
    """Wait until each workload named in ``wanted`` has all its pods, new ones only, ready.

    Raises:
        RolloutFailed: one did not within ``within`` seconds, or never will.
    """
    began = time.monotonic()
    waiting = set(wanted)
    everything = frozenset(waiting)
    first = True

    def done() -> State | None:
        nonlocal first
        state = look(api, pool, everything)
        unfinished = {name_of(workload) for workload in state.unfinished()}
        missing = everything - {name_of(workload) for workload in state.workloads}
        for name in sorted(waiting - unfinished - missing):
            waiting.discard(name)
            if not first:
                progress(f"{name} is ready ({time.monotonic() - began:.0f} s)")
        first = False
        problem = _hopeless(state)
        if problem:
            raise RolloutFailed(problem)
        return None if waiting else state

    try:
        wait_until(done, within=within, what="the pipeline's pods to be ready", every=0.5)
    except (WaitExpired, RolloutFailed) as error:
        raise RolloutFailed(explain(api, look(api, pool, frozenset(waiting)), error)) from error


def look(api: Cluster, pool: Executor, wanted: frozenset[str]) -> State:
    """Read the workloads and the pods."""
    lists: list[list[Object]] = list(pool.map(partial(listed, api), (*(kind.name for kind in WORKLOAD_KINDS), "Pod")))
    workloads = [item for items in lists[:-1] for item in items if name_of(item) in wanted]
    return State(tuple(workloads), tuple(lists[-1]))


def stuck_pods(pods: Iterable[Object]) -> list[Object]:
    """Pods whose next attempt to start may be minutes away."""
    return [
        pod
        for pod in pods
        if owners_of(pod)
        and not is_terminating(pod)
        and any(waiting.get("reason") in STUCK for _, waiting in _waiting(pod))
    ]


def explain(api: Cluster, state: State, error: PipelineError) -> str:
    """Which pod is not ready, why, and the end of its log."""
    lines = [error.message if isinstance(error, WaitExpired) else str(error)]
    for workload in state.unfinished() or state.workloads:
        name = name_of(workload)
        refused = is_true(workload, "ReplicaFailure")
        reasons = [condition(workload, "ReplicaFailure").get("message", "")] if refused else []
        pods = [pod for pod in state.pods_of(workload) if not is_ready(pod)]
        lines += [f"{name}: {reason}" for reason in reasons]
        for pod in pods:
            lines.append(f"{name}: pod {name_of(pod)} is not ready: {why(pod)}")
            lines += [f"    {line}" for line in _last_words(api, pod)]
        if not pods and not reasons:
            lines.append(f"{name}: {dict(status_of(workload))}")
    return "\n".join(lines)


def why(pod: Mapping[str, Any]) -> str:
    """What the pod's status says about its not being ready."""
    parts = []
    for status, waiting in _waiting(pod):
        parts.append(": ".join(filter(None, (waiting.get("reason"), waiting.get("message")))))
        ended = last_end(status)
        if ended:
            parts.append(f"it last ended with {ended.get('reason')}, exit code {ended.get('exitCode')}")
    if condition_status(pod, "PodScheduled") == "False":
        parts.append(condition(pod, "PodScheduled").get("message", "not scheduled"))
    return "; ".join(parts) or f"phase {phase_of(pod) or None}, its readiness probe has not passed"


def _hopeless(state: State) -> str | None:
    for workload in state.unfinished():
        images = {container["image"] for container in containers_of(template_of(workload))}
        for pod in state.pods_of(workload):
            for status, waiting in _waiting(pod):
                wanted = any(container["image"] in images for container in containers_of(pod))
                never = waiting.get("reason") in NEVER_STARTS and wanted
                if never or status.get("restartCount", 0) >= CRASHES:
                    return f"{name_of(workload)} will not start"
    return None


def _waiting(pod: Mapping[str, Any]) -> list[tuple[K8sObject, K8sObject]]:
    return [(one, waiting) for one in container_statuses(pod) if (waiting := state_of(one, "waiting"))]


def _last_words(api: Cluster, pod: Mapping[str, Any]) -> list[str]:
    name, container = name_of(pod), containers_of(pod)[0]["name"]
    restarted = any(status.get("lastState") for status, _ in _waiting(pod))
    return (restarted and log_end(api, name, container, previous=True)) or log_end(api, name, container)


def log_end(api: Cluster, pod: str, container: str, *, lines: int = LOG_LINES, previous: bool = False) -> list[str]:
    """The last lines of a container's log; none where it has no log."""
    try:
        return api.logs(pod, container, lines=lines, previous=previous, timestamps=False)
    except (NoData, UnexpectedAnswer):
        return []
