"""Waiting until everything that was applied also runs, and saying what does not and why."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from pipeline_services.clients.failures import PlatformError
from pipeline_services.clients.kubernetes import Cluster, Object
from pipeline_services.model.errors import NoData, PipelineError, UnexpectedAnswer
from pipeline_services.model.kinds import WORKLOAD_KINDS
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
        wanted = workload["spec"]["selector"]["matchLabels"].items()
        return [pod for pod in self.pods if wanted <= pod["metadata"].get("labels", {}).items()]


class RolloutFailed(PlatformError):
    """A workload does not come up. The message says which pod, why, and how its log ends."""


def wait_for(
    api: Cluster, pool: Executor, wanted: Iterable[str], progress: Callable[[str], None], within: float = WITHIN
) -> None:
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
        unfinished = {workload["metadata"]["name"] for workload in state.unfinished()}
        missing = everything - {workload["metadata"]["name"] for workload in state.workloads}
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
    workloads = [item for items in lists[:-1] for item in items if item["metadata"]["name"] in wanted]
    return State(tuple(workloads), tuple(lists[-1]))


def is_complete(workload: Mapping[str, Any]) -> bool:
    """Whether the controller has seen the spec and every pod of it is new and ready."""
    status = workload.get("status", {})
    if status.get("observedGeneration", 0) < workload["metadata"]["generation"]:
        return False
    if workload["kind"] == "DaemonSet":
        total = status.get("desiredNumberScheduled", 0)
        counted: tuple[str, ...] = ("updatedNumberScheduled", "numberAvailable")
    else:
        total = workload["spec"].get("replicas", 1)
        counted = ("updatedReplicas", "availableReplicas", "replicas")
    return total > 0 and all(status.get(count, 0) == total for count in counted)


def stuck_pods(pods: Iterable[Object]) -> list[Object]:
    """Pods whose next attempt to start may be minutes away."""
    return [
        pod
        for pod in pods
        if pod["metadata"].get("ownerReferences")
        and not pod["metadata"].get("deletionTimestamp")
        and any(waiting.get("reason") in STUCK for _, waiting in _waiting(pod))
    ]


def explain(api: Cluster, state: State, error: PipelineError) -> str:
    """Which pod is not ready, why, and the end of its log."""
    lines = [error.message if isinstance(error, WaitExpired) else str(error)]
    for workload in state.unfinished() or state.workloads:
        name = workload["metadata"]["name"]
        reasons = [condition.get("message", "") for condition in _failures(workload)]
        pods = [pod for pod in state.pods_of(workload) if not _is_ready(pod)]
        lines += [f"{name}: {reason}" for reason in reasons]
        for pod in pods:
            lines.append(f"{name}: pod {pod['metadata']['name']} is not ready: {why(pod)}")
            lines += [f"    {line}" for line in _last_words(api, pod)]
        if not pods and not reasons:
            lines.append(f"{name}: {workload.get('status', {})}")
    return "\n".join(lines)


def why(pod: Mapping[str, Any]) -> str:
    """What the pod's status says about its not being ready."""
    parts = []
    for status, waiting in _waiting(pod):
        parts.append(": ".join(filter(None, (waiting.get("reason"), waiting.get("message")))))
        ended = status.get("lastState", {}).get("terminated")
        if ended:
            parts.append(f"it last ended with {ended.get('reason')}, exit code {ended.get('exitCode')}")
    for condition in pod.get("status", {}).get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            parts.append(condition.get("message", "not scheduled"))
    return "; ".join(parts) or f"phase {pod.get('status', {}).get('phase')}, its readiness probe has not passed"


def _hopeless(state: State) -> str | None:
    for workload in state.unfinished():
        images = {container["image"] for container in workload["spec"]["template"]["spec"]["containers"]}
        for pod in state.pods_of(workload):
            for status, waiting in _waiting(pod):
                wanted = any(container["image"] in images for container in pod["spec"]["containers"])
                never = waiting.get("reason") in NEVER_STARTS and wanted
                if never or status.get("restartCount", 0) >= CRASHES:
                    return f"{workload['metadata']['name']} will not start"
    return None


def _waiting(pod: Mapping[str, Any]) -> list[tuple[Object, Object]]:
    statuses = pod.get("status", {}).get("containerStatuses", [])
    return [(status, status["state"]["waiting"]) for status in statuses if status.get("state", {}).get("waiting")]


def _is_ready(pod: Mapping[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def _failures(workload: Mapping[str, Any]) -> list[Object]:
    conditions = workload.get("status", {}).get("conditions", [])
    return [item for item in conditions if item["type"] == "ReplicaFailure" and item["status"] == "True"]


def _last_words(api: Cluster, pod: Mapping[str, Any]) -> list[str]:
    name, container = pod["metadata"]["name"], pod["spec"]["containers"][0]["name"]
    restarted = any(status.get("lastState") for status, _ in _waiting(pod))
    return (restarted and log_end(api, name, container, previous=True)) or log_end(api, name, container)


def log_end(api: Cluster, pod: str, container: str, *, lines: int = LOG_LINES, previous: bool = False) -> list[str]:
    """The last lines of a container's log; none where it has no log."""
    try:
        return api.logs(pod, container, lines=lines, previous=previous, timestamps=False)
    except (NoData, UnexpectedAnswer):
        return []
