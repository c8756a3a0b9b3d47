"""Faults of resources: a CPU limit that is too low, changed in place so that the pod stays; a held autoscaler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pipeline_services.faults.journal import Call
from pipeline_services.faults.model import Api, Fault, Proof, object_path, patched
from pipeline_services.model.errors import NoData
from pipeline_services.model.k8s import container_statuses, containers_of, limits_of, name_of, namespace_of
from pipeline_services.model.kinds import STRATEGIC_PATCH


def cpu_limited(api: Api, pod: Mapping[str, Any], millicores: int, throttled: Callable[[], bool]) -> Fault:
    """The fault that lowers the CPU limit (and request) of a running pod's first container, with no restart.

    Args:
        pod: as the API gives it.
        throttled: whether the container is slowed down by its limit now.
    """
    name, container = name_of(pod), containers_of(pod)[0]
    path = object_path("pods", name, namespace_of(pod))
    low = {"requests": {"cpu": f"{millicores}m"}, "limits": {"cpu": f"{millicores}m"}}
    old = {kind: {"cpu": container["resources"][kind]["cpu"]} for kind in ("requests", "limits")}
    return Fault(
        f"CPU of {name} limited to {millicores} thousandths of a core",
        [_resize(path, container["name"], low)],
        [_resize(path, container["name"], old)],
        Proof(f"{name} to be slowed down by its CPU limit", throttled, within=60.0),
        Proof(f"{name} to have its CPU limit back", lambda: _limit(api, path) in (None, old["limits"]["cpu"])),
    )


def autoscaler_held(api: Api, name: str, namespace: str, which: str = "scaleUp") -> Fault:
    """The fault that lets an autoscaler make no more pods (``scaleDown``: take none away): its answer is held back."""
    path = object_path("horizontalpodautoscalers", name, namespace)
    held = {"spec": {"behavior": {which: {"selectPolicy": "Disabled"}}}}
    return patched(api, path, held, f"{name} {'makes no more' if which == 'scaleUp' else 'takes no'} pods")


def _resize(path: str, container: str, resources: dict[str, Any]) -> Call:
    body = {"spec": {"containers": [{"name": container, "resources": resources}]}}
    return Call("PATCH", f"{path}/resize", body, STRATEGIC_PATCH)


def _limit(api: Api, path: str) -> str | None:
    """The limit in force; None for a pod that is no more: another has taken its place, with its own."""
    try:
        status = container_statuses(api.call("GET", path))[0]
    except NoData:
        return None
    return limits_of(status).get("cpu", "")
