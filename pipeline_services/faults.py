"""Changes made to a cluster on purpose: journaled before they are made, undone after. Nothing else changes a cluster.

A fault is data: the requests that make it and, worked out from what the cluster holds now, those that undo it.
"""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import getpid
from typing import Any, Protocol

from pipeline_services.errors import UnexpectedAnswer
from pipeline_services.journal import Call, Entry, Journal

MERGE_PATCH = "application/merge-patch+json"
EXPIRES_AFTER = 900.0
RUN = uuid.uuid4().hex[:8]


class Api(Protocol):
    """What a fault needs of a cluster: one request, answered with the decoded JSON."""

    def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any: ...


@dataclass(frozen=True, slots=True)
class Fault:
    """One change: ``target`` in words, and the requests that make and undo it."""

    summary: str
    inject: list[Call]
    undo: list[Call] = field(default_factory=list)


def object_path(kind: str, name: str, namespace: str) -> str:
    """The API path of a namespaced object; ``kind`` is its plural (``deployments``).

    Raises:
        ValueError: the kind is not one that faults know.
    """
    if not name or not namespace:
        raise ValueError(f"a fault needs an explicit target, not {kind}/{name!r} in {namespace!r}")
    group = _GROUPS.get(kind)
    if group is None:
        raise ValueError(f"faults do not know the kind {kind!r}; they know {', '.join(sorted(_GROUPS))}")
    return f"/{group}/namespaces/{namespace}/{kind}/{name}"


def patched(api: Api, path: str, patch: Mapping[str, Any], summary: str) -> Fault:
    """The fault that merges ``patch`` into the object at ``path``; its undo restores just the values it replaced."""
    undo = inverse_patch(api.call("GET", path), patch)
    return Fault(
        summary,
        [Call("PATCH", path, dict(patch), MERGE_PATCH)],
        [Call("PATCH", path, undo, MERGE_PATCH)],
    )


def scaled(api: Api, kind: str, name: str, namespace: str, replicas: int) -> Fault:
    """The fault that scales a workload to ``replicas``."""
    path = object_path(kind, name, namespace)
    return patched(api, path, {"spec": {"replicas": replicas}}, f"{kind}/{name} scaled to {replicas}")


def secret_value(api: Api, name: str, namespace: str, values: Mapping[str, bytes]) -> Fault:
    """The fault that replaces the values of some keys of a Secret."""
    data = {key: base64.b64encode(value).decode() for key, value in values.items()}
    keys = ", ".join(values)
    return patched(api, object_path("secrets", name, namespace), {"data": data}, f"secret {name} has another {keys}")


def with_restart(fault: Fault, kind: str, name: str, namespace: str) -> Fault:
    """``fault``, and the workload that reads it at its start restarted after both the change and its undo."""
    path = object_path(kind, name, namespace)
    return Fault(
        fault.summary,
        [*fault.inject, _restart(path, f"{RUN}-{time.time():.0f}")],
        [*fault.undo, _restart(path, None)],
    )


def inverse_patch(current: Any, patch: Mapping[str, Any]) -> dict[str, Any]:
    """The merge patch that puts back the values of ``current`` that ``patch`` replaces (None removes a key)."""
    standing = current if isinstance(current, dict) else {}
    inverse: dict[str, Any] = {}
    for key, value in patch.items():
        old = standing.get(key)
        inverse[key] = inverse_patch(old, value) if isinstance(value, dict) and isinstance(old, dict) else old
    return inverse


@contextmanager
def injected(api: Api, journal: Journal, fault: Fault) -> Iterator[Entry]:
    """The fault, in force within the block and undone after it, whatever happens in it.

    Raises:
        PipelineError: the change or its undo was refused. An undo that failed stays journaled and is named.
    """
    now = time.time()
    entry = Entry(
        id=f"{RUN}-{uuid.uuid4().hex[:8]}",
        run=RUN,
        pid=getpid(),
        summary=fault.summary,
        injected_at=now,
        expires_at=now + EXPIRES_AFTER,
        undo=fault.undo,
    )
    journal.write(entry)
    try:
        _perform(api, fault.inject)
        yield entry
    finally:
        undo(api, journal, entry)


def undo(api: Api, journal: Journal, entry: Entry) -> None:
    """Undo a journaled fault and forget it; it stays in the journal where that fails."""
    _perform(api, entry.undo)
    journal.remove(entry.id)


def sweep(api: Api, journal: Journal) -> list[str]:
    """Undo what runs that are gone left behind; returns what was undone, in words.

    Raises:
        PipelineError: an undo was refused.
    """
    left = [entry for entry in journal.entries() if not entry.owner_alive]
    for entry in left:
        undo(api, journal, entry)
    return [entry.summary for entry in left]


def _perform(api: Api, calls: list[Call]) -> None:
    for call in calls:
        try:
            api.call(call.method, call.path, call.body, call.content_type)
        except UnexpectedAnswer as error:
            raise UnexpectedAnswer(f"{call.method} {call.path} was refused: {error.message}") from error


def _restart(path: str, mark: str | None) -> Call:
    """A changed pod template makes the controller replace its pods; taking the mark away again does so once more."""
    annotations = {"conveyor.io/restarted-by-fault": mark}
    return Call("PATCH", path, {"spec": {"template": {"metadata": {"annotations": annotations}}}}, MERGE_PATCH)


_GROUPS: dict[str, str] = {
    "configmaps": "api/v1",
    "deployments": "apis/apps/v1",
    "networkpolicies": "apis/networking.k8s.io/v1",
    "pods": "api/v1",
    "secrets": "api/v1",
    "services": "api/v1",
    "statefulsets": "apis/apps/v1",
}
