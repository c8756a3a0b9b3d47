"""What a fault is: the steps that make it and those that undo it, and how to see that it landed and that it is gone.

A fault is data, worked out from what the cluster holds now; nothing happens until it is injected (injection.py).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol, runtime_checkable
from urllib.parse import urlencode

from pipeline_services.faults.expiry import FAULT_LIFETIME_S
from pipeline_services.faults.journal import Call, Step
from pipeline_services.model.k8s import annotations_of, labels_of, name_of, owners_of
from pipeline_services.model.kinds import KINDS, MERGE_PATCH, kind_of

RUN: Final = uuid.uuid4().hex[:8]
MARK: Final = "conveyor.io/fault"
"""The label (on what a fault makes) or annotation (on what it changes) that names the run."""
EXPIRY: Final = "conveyor.io/fault-expires"
_EXPIRY_FORMAT: Final = "%Y-%m-%dT%H.%M.%SZ"
"""A label takes no colon."""
RESTARTED: Final = "conveyor.io/restarted-by-fault"


class Api(Protocol):
    """What a fault needs of a cluster: one request, answered with the decoded JSON."""

    def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any: ...


@runtime_checkable
class Node(Protocol):
    """What a fault below Kubernetes needs: a program run as root on the node, answered with what it wrote."""

    def on_node(self, words: Sequence[str]) -> str: ...


@dataclass(frozen=True, slots=True)
class Proof:
    """Something that can be looked at: ``what`` in words, whether it is so now, and the seconds it may take."""

    what: str
    holds: Callable[[], object]
    within: float = 20.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One change: its explicit target in words, the steps that make and undo it, and the proofs of both.

    Attributes:
        landed: seen where it matters, in the data path; None only for a change that needs no effect.
        follow_up: steps for when it has landed, such as cutting what was open before.
        gone: seen after the undo.
        pods: those that do not come back as they were: others do, or the same with new containers.
        lifetime_s: seconds for which it may be in force, where those of every other fault are too few.
    """

    summary: str
    inject: list[Step]
    undo: list[Step] = field(default_factory=list)
    landed: Proof | None = None
    gone: Proof | None = None
    follow_up: list[Step] = field(default_factory=list)
    pods: tuple[str, ...] = ()
    lifetime_s: float | None = None

    def proved(self, landed: Proof | None = None, gone: Proof | None = None) -> Fault:
        """The same fault with other proofs."""
        return replace(self, landed=landed or self.landed, gone=gone or self.gone)


def together(summary: str, faults: Sequence[Fault]) -> Fault:
    """Several faults as one: landed when each has, gone when each is.

    Raises:
        ValueError: there is none, so there is no target.
    """
    if not faults:
        raise ValueError(f"a fault needs an explicit target: {summary}")
    return Fault(
        summary,
        [step for fault in faults for step in fault.inject],
        [step for fault in faults for step in fault.undo],
        _all([fault.landed for fault in faults]),
        _all([fault.gone for fault in faults]),
        [step for fault in faults for step in fault.follow_up],
        tuple(pod for fault in faults for pod in fault.pods),
    )


def _all(proofs: Sequence[Proof | None]) -> Proof | None:
    known = [proof for proof in proofs if proof is not None]
    if not known:
        return None
    what = "; ".join(dict.fromkeys(proof.what for proof in known))
    return Proof(what, lambda: all(proof.holds() for proof in known), max(proof.within for proof in known))


def object_path(kind: str, name: str, namespace: str) -> str:
    """The API path of a namespaced object; ``kind`` is its plural (``deployments``).

    Raises:
        ValueError: there is no such kind in a namespace, or the target is not explicit.
    """
    if not name or not namespace:
        raise ValueError(f"a fault needs an explicit target, not {kind}/{name!r} in {namespace!r}")
    known = kind_of(kind)
    if not known.namespaced:
        raise ValueError(f"{kind} are in no namespace, and so no target in one")
    return known.path(namespace, name)


def patched(api: Api, path: str, patch: Mapping[str, Any], summary: str) -> Fault:
    """The fault that merges ``patch`` into the object at ``path``; its undo restores just the values it replaced.

    The object is annotated with the run and the expiry for as long as the fault is in force.
    """
    undo = inverse_patch(api.call("GET", path), patch)
    return Fault(
        summary,
        [Call("PATCH", path, _annotated(dict(patch), marks()), MERGE_PATCH)],
        [Call("PATCH", path, _annotated(undo, dict.fromkeys(marks())), MERGE_PATCH)],
    )


def marks(lifetime_s: float = FAULT_LIFETIME_S) -> dict[str, str]:
    """Run and expiry, as labels for what a fault makes and as annotations for what it changes."""
    expires = datetime.fromtimestamp(time.time() + lifetime_s, UTC)
    return {MARK: RUN, EXPIRY: expires.strftime(_EXPIRY_FORMAT)}


def overdue(lists: Mapping[str, Any], now: float) -> list[str]:
    """What still carries the mark of a fault whose time is up, a line each.

    The journal of the machine where the fault was made undoes it; elsewhere, the mark is all that is known of it. What
    another object owns has its mark from that.

    Args:
        lists: the objects by what a list of them is called; anything else is passed over.
        now: seconds since the epoch.
    """
    named = ((kind, item) for kind, items in lists.items() if isinstance(items, list) for item in items)
    objects = ((kind, item) for kind, item in named if _is_object(item) and not owners_of(item))
    marked = ((kind, name_of(item), {**labels_of(item), **annotations_of(item)}) for kind, item in objects)
    return [
        f"{kind}/{name} carries the mark {MARK} of run {words[MARK]}, whose fault was to end at {words[EXPIRY]}: "
        "undo that, then take the mark away"
        for kind, name, words in marked
        if MARK in words and EXPIRY in words and _expiry(words[EXPIRY]) <= now
    ]


def _is_object(item: object) -> bool:
    return isinstance(item, Mapping) and "metadata" in item


def _expiry(mark: str) -> float:
    """Seconds since the epoch; what nobody can read is long past."""
    try:
        return datetime.strptime(mark, _EXPIRY_FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0


def with_restart(fault: Fault, kind: str, name: str, namespace: str) -> Fault:
    """``fault``, and the workload that reads it at its start restarted after both the change and its undo."""
    path = object_path(kind, name, namespace)
    return replace(
        fault,
        inject=[*fault.inject, _restart(path, f"{RUN}-{time.time():.0f}")],
        undo=[*fault.undo, _restart(path, None)],
    )


def with_pods_replaced(fault: Fault, selector: str, namespace: str, pods: Sequence[str] = ()) -> Fault:
    """``fault``, and all selected pods deleted after both the change and its undo, so that new ones read what is new.

    Unlike a rolling restart this takes the old pods away even where the new ones do not come up.

    Args:
        selector: of a workload's pods, as ``kubectl -l`` takes it.
        pods: the names of those that are there now.
    """
    if not selector or not namespace:
        raise ValueError(f"a fault needs an explicit target, not the pods of {selector!r} in {namespace!r}")
    replace_pods = Call("DELETE", f"{KINDS['Pod'].path(namespace)}?{urlencode({'labelSelector': selector})}")
    return replace(
        fault, inject=[*fault.inject, replace_pods], undo=[*fault.undo, replace_pods], pods=(*fault.pods, *pods)
    )


def inverse_patch(current: Any, patch: Mapping[str, Any]) -> dict[str, Any]:
    """The merge patch that puts back the values of ``current`` that ``patch`` replaces (None removes a key)."""
    standing = current if isinstance(current, dict) else {}
    inverse: dict[str, Any] = {}
    for key, value in patch.items():
        old = standing.get(key)
        inverse[key] = inverse_patch(old, value) if isinstance(value, dict) and isinstance(old, dict) else old
    return inverse


def _annotated(patch: dict[str, Any], annotations: Mapping[str, str | None]) -> dict[str, Any]:
    metadata = patch.get("metadata") or {}
    both = {**(metadata.get("annotations") or {}), **annotations}
    return {**patch, "metadata": {**metadata, "annotations": both}}


def _restart(path: str, mark: str | None) -> Call:
    """A changed pod template makes the controller replace its pods; taking the mark away again does so once more."""
    return Call("PATCH", path, {"spec": {"template": {"metadata": {"annotations": {RESTARTED: mark}}}}}, MERGE_PATCH)
