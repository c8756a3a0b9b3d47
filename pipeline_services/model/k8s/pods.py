"""Pods, and the pod templates of workloads: containers and their states, readiness, claims, references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.model.k8s.objects import (
    K8sObject,
    age,
    condition_since,
    created_at,
    epoch,
    is_terminating,
    is_true,
    phase_of,
    spec_of,
    status_of,
)

RESTARTS_COUNT_S: Final = 43_200.0
"""Seconds for which a restart counts: those of a night do, those of a year of reboots do not."""


def addresses_of(pod: K8sObject) -> list[str]:
    """The addresses of a pod, of each IP family one; none before it has any."""
    status = status_of(pod)
    both = [str(one["ip"]) for one in status.get("podIPs") or ()]
    return both or [str(status["podIP"])] if status.get("podIP") else both


def containers_of(pod: K8sObject) -> list[dict[str, Any]]:
    """The containers of a pod or of a pod template, without its init containers."""
    containers: list[dict[str, Any]] = pod["spec"]["containers"]
    return containers


def is_done(pod: K8sObject) -> bool:
    """Whether a pod has ended for good, and well, as one of a Job does: nothing counts it any more or replaces it.

    One that is being deleted is not done: a finalizer may keep it, and what it was for.
    """
    return status_of(pod).get("phase") == "Succeeded" and not is_terminating(pod)


def failed_at(pod: K8sObject) -> float:
    """When a pod of the phase Failed came to that, in epoch seconds: what was written last of it; else its creation."""
    ends = [state_of(status, "terminated").get("finishedAt") for status in container_statuses(pod)]
    changes = [one.get("lastTransitionTime") for one in status_of(pod).get("conditions") or ()]
    return max((epoch(at) for at in (*ends, *changes) if at), default=created_at(pod))


def named_ports(pod: K8sObject) -> list[int | str]:
    """The ports that the containers of a pod or of a pod template declare, each by its number and by its name."""
    ports = [port for container in containers_of(pod) for port in container.get("ports") or ()]
    return [key for port in ports for key in (port["containerPort"], port.get("name")) if key]


def init_containers_of(pod: K8sObject) -> list[dict[str, Any]]:
    """The init containers of a pod or of a pod template."""
    containers: list[dict[str, Any]] = pod["spec"].get("initContainers") or []
    return containers


def requests_of(container: K8sObject) -> Mapping[str, str]:
    """What the container asks the scheduler for, by resource."""
    requests: Mapping[str, str] = (container.get("resources") or {}).get("requests") or {}
    return requests


def limits_of(container: K8sObject) -> Mapping[str, str]:
    """What the container may use at most, by resource."""
    limits: Mapping[str, str] = (container.get("resources") or {}).get("limits") or {}
    return limits


def container_statuses(pod: K8sObject) -> Sequence[K8sObject]:
    """What the kubelet reports of each container; empty before it has reported."""
    statuses: Sequence[K8sObject] = status_of(pod).get("containerStatuses") or ()
    return statuses


def init_container_statuses(pod: K8sObject) -> Sequence[K8sObject]:
    """What the kubelet reports of each init container."""
    statuses: Sequence[K8sObject] = status_of(pod).get("initContainerStatuses") or ()
    return statuses


def state_of(status: K8sObject, which: str) -> K8sObject:
    """The details of a container that is ``waiting``, ``running`` or ``terminated``; empty where it is not."""
    state: K8sObject = (status.get("state") or {}).get(which) or {}
    return state


def last_end(status: K8sObject) -> K8sObject:
    """How the container's life before this one ended; empty where there was none."""
    ended: K8sObject = (status.get("lastState") or {}).get("terminated") or {}
    return ended


def is_running(status: K8sObject) -> bool:
    """Whether the container runs."""
    return "running" in (status.get("state") or {})


def has_succeeded(status: K8sObject) -> bool:
    """Whether the container has ended and all went well, as an init container has to."""
    return state_of(status, "terminated").get("exitCode") == 0


def node_of(pod: K8sObject) -> str:
    """The name of the node that the pod is on; empty while it is on none."""
    return str(spec_of(pod).get("nodeName") or "")


def restarts_of(pod: K8sObject) -> int:
    """The restarts of all containers, summed."""
    return sum(int(status.get("restartCount", 0)) for status in container_statuses(pod))


def recent_restarts(status: K8sObject, now: float) -> int:
    """The restarts of a container without those that are known to be old: it has run since, or ran before the last."""
    count = int(status.get("restartCount", 0))
    if _is_old(state_of(status, "running"), now):
        return 0
    return min(count, 1) if _is_old(state_of(status, "terminated") or last_end(status), now) else count


def recent_restarts_of(pod: K8sObject, now: float) -> int:
    """Those of all containers, summed."""
    return sum(recent_restarts(status, now) for status in container_statuses(pod))


def _is_old(life: K8sObject, now: float) -> bool:
    """Whether a life of a container began long ago; one that could not begin has the year 1970."""
    return bool(life.get("startedAt")) and 0 < epoch(life["startedAt"]) < now - RESTARTS_COUNT_S


def is_ready(pod: K8sObject) -> bool:
    """Running, with every container ready."""
    return phase_of(pod) == "Running" and is_true(pod, "Ready")


def ready_since(pod: K8sObject) -> float | None:
    """When the pod became ready, in epoch seconds; None while it is not."""
    return condition_since(pod, "Ready") if is_true(pod, "Ready") else None


def started_at(pod: K8sObject) -> float | None:
    """When the youngest running container started, in epoch seconds; None while none runs."""
    starts = [
        epoch(status["state"]["running"]["startedAt"]) for status in container_statuses(pod) if is_running(status)
    ]
    return max(starts, default=None)


def age_since_start(pod: K8sObject, now: float) -> float:
    """Seconds since the youngest running container started; since the pod was created while none runs."""
    started = started_at(pod)
    return age(pod, now) if started is None else now - started


def claims_of(pod: K8sObject) -> list[str]:
    """The names of the volume claims that the pod mounts."""
    volumes = pod["spec"].get("volumes") or ()
    return [str(one["persistentVolumeClaim"]["claimName"]) for one in volumes if one.get("persistentVolumeClaim")]


def volume_of(claim: K8sObject) -> str:
    """The name of the volume that a claim is bound to; empty while it is not."""
    return str(claim["spec"].get("volumeName") or "")


@dataclass(frozen=True, slots=True)
class Reference:
    """A ConfigMap or Secret that a pod reads.

    Attributes:
        kind: ``ConfigMap`` or ``Secret``.
        key: the one key that is read; empty where it is all of them.
        optional: the pod starts without it, too.
    """

    kind: str
    name: str
    key: str
    optional: bool


def references_of(pod: K8sObject) -> Iterator[Reference]:
    """Everything that a pod, or a pod of a template, reads from ConfigMaps and Secrets."""
    yield from environment_of(pod)
    for volume in pod["spec"].get("volumes") or ():
        yield from _references(volume, "configMap", "secret")


def environment_of(pod: K8sObject) -> Iterator[Reference]:
    """What of it stands in the environment of its containers, which keep it as it was when they started."""
    for container in (*init_containers_of(pod), *containers_of(pod)):
        for source in container.get("envFrom") or ():
            yield from _references(source, "configMapRef", "secretRef")
        for variable in container.get("env") or ():
            yield from _references(variable.get("valueFrom") or {}, "configMapKeyRef", "secretKeyRef")


def _references(source: Mapping[str, Any], config_map: str, secret: str) -> Iterator[Reference]:
    for kind, found in (("ConfigMap", source.get(config_map)), ("Secret", source.get(secret))):
        if found:
            name, optional = found.get("name") or found["secretName"], bool(found.get("optional"))
            for key in [item["key"] for item in found.get("items") or ()] or [found.get("key", "")]:
                yield Reference(kind, name, key, optional)
