"""Faults of whole objects: one that is taken away, and one that should not be there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pipeline_services.faults.journal import Call
from pipeline_services.faults.model import Api, Fault, Proof, marks, object_path
from pipeline_services.model.errors import NoData
from pipeline_services.model.k8s import as_new
from pipeline_services.model.kinds import MERGE_PATCH, kind_of


def deleted(api: Api, kind: str, name: str, namespace: str) -> Fault:
    """The fault that deletes an object which others only refer to; its undo posts a copy of what it was."""
    path = object_path(kind, name, namespace)
    kept = as_new(api.call("GET", path))
    return Fault(
        f"{kind}/{name} deleted",
        [Call("DELETE", path)],
        [Call("POST", path.rpartition("/")[0], kept)],
        Proof(f"{kind}/{name} to be gone", lambda: not exists(api, path)),
        Proof(f"{kind}/{name} to be there again", lambda: exists(api, path)),
    )


def created(
    api: Api, kind: str, name: str, namespace: str, *, labels: Mapping[str, str] = MappingProxyType({}), **fields: Any
) -> Fault:
    """The fault that makes an object of a kind (``NetworkPolicy``); its undo deletes it.

    Args:
        labels: its own, beside those of the run and the expiry.
        fields: what it says beside its metadata.
    """
    known, path = kind_of(kind), object_path(kind, name, namespace)
    metadata = {"name": name, "namespace": namespace, "labels": {**labels, **marks()}}
    body = {"apiVersion": known.api, "kind": known.name, "metadata": metadata, **fields}
    return Fault(
        f"{known.plural}/{name} made",
        [Call("POST", path.rpartition("/")[0], body)],
        [Call("DELETE", path)],
        Proof(f"{known.plural}/{name} to be there", lambda: exists(api, path)),
        Proof(f"{known.plural}/{name} to be gone again", lambda: not exists(api, path)),
    )


def made_immutable(api: Api, kind: str, name: str, namespace: str) -> Fault:
    """The fault that lets nobody change a ConfigMap or Secret any more. Its undo makes it anew, the only way."""
    path = object_path(kind, name, namespace)
    kept = as_new(api.call("GET", path))

    def immutable() -> bool:
        return bool(api.call("GET", path).get("immutable"))

    return Fault(
        f"{kind}/{name} made immutable",
        [Call("PATCH", path, {"immutable": True}, MERGE_PATCH)],
        [Call("DELETE", path), Call("POST", path.rpartition("/")[0], kept)],
        Proof(f"{kind}/{name} to be immutable", immutable),
        Proof(f"{kind}/{name} to be as it was", lambda: exists(api, path) and not immutable()),
    )


def made_anew(api: Api, kind: str, name: str, namespace: str, *, summary: str, spec: Mapping[str, Any]) -> Fault:
    """The fault that deletes an object and makes it with another spec, for fields that nobody can change in it."""
    path = object_path(kind, name, namespace)
    kept = as_new(api.call("GET", path))
    there = kept["spec"]
    other = {**there, **spec}
    posted = path.rpartition("/")[0]

    def changed() -> bool:
        found = api.call("GET", path)["spec"] if exists(api, path) else there
        return any(found.get(key) == value != there.get(key) for key, value in spec.items())

    return Fault(
        summary,
        [Call("DELETE", path), Call("POST", posted, {**kept, "spec": other})],
        [Call("DELETE", path), Call("POST", posted, kept)],
        Proof(summary, changed),
        Proof(f"{kind}/{name} to be as it was", lambda: exists(api, path) and not changed()),
    )


def exists(api: Api, path: str) -> bool:
    """Whether there is such an object."""
    try:
        api.call("GET", path)
    except NoData:
        return False
    return True
