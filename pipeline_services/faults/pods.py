"""Faults of pods: deleted, and what a pod is known by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline_services.faults.journal import Call
from pipeline_services.faults.model import Api, Fault, Proof, object_path
from pipeline_services.model.component import Component
from pipeline_services.model.errors import NoData, PreconditionNotMet
from pipeline_services.model.k8s import container_statuses, is_running, name_of, uid_of


def deleted(api: Api, name: str, namespace: str, grace: int | None = None) -> Fault:
    """The fault that deletes a pod; it has landed once the old pod is gone, known by its UID, not by its name.

    Args:
        grace: seconds that the pod is given to end; None for its own, 0 takes it away at once.
    """
    path = object_path("pods", name, namespace)
    uid = uid_of(api.call("GET", path))
    options = {} if grace is None else {"gracePeriodSeconds": grace}
    body = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": uid}, **options}
    return Fault(
        f"pod {name} deleted",
        [Call("DELETE", path, body)],
        landed=Proof(f"the pod {name} with the UID {uid} to be gone", lambda: _uid(api, path) != uid, within=40.0),
        pods=(name,),
    )


def container_id(pod: Mapping[str, Any], container: str) -> str:
    """The id, without its scheme, under which the node knows a running container.

    Raises:
        PreconditionNotMet: it does not run.
    """
    for status in container_statuses(pod):
        if status["name"] == container and is_running(status):
            return str(status["containerID"]).rpartition("//")[2]
    raise PreconditionNotMet(f"the container {container} of {name_of(pod)} does not run")


def container_name(part: Component, namespace: str) -> str:
    """What the node calls the container that does the work of a StatefulSet's first pod: ``POD_NAMESPACE_CONTAINER``.

    It stays the same when the pod is replaced.

    Raises:
        ValueError: the target is not explicit.
    """
    if not (part.workload and namespace and part.container):
        raise ValueError(f"a fault needs an explicit container, not that of {part.id!r} in {namespace!r}")
    return f"{part.first_pod}_{namespace}_{part.container}"


def _uid(api: Api, path: str) -> str | None:
    try:
        return uid_of(api.call("GET", path))
    except NoData:
        return None
