"""What all Kubernetes objects have in common: names, labels, ages, conditions; and the API's times and quantities."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from pipeline_services.model.errors import UnexpectedAnswer

K8sObject = Mapping[str, Any]
_OWN: Final = ("name", "namespace", "labels", "annotations", "finalizers")
"""What of an object's metadata is its maker's; the rest is the server's and refused in what is posted."""

_SUFFIXES: Final = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40,
}  # fmt: skip
_HOLDING: Final = ("finalizers", "ownerReferences", "deletionTimestamp")


def name_of(item: K8sObject) -> str:
    """``metadata.name``."""
    return str(item["metadata"]["name"])


def namespace_of(item: K8sObject) -> str:
    """``metadata.namespace``; empty for what belongs to the whole cluster."""
    return str(item["metadata"].get("namespace") or "")


def uid_of(item: K8sObject) -> str:
    """``metadata.uid``: two objects of one name, one after the other, have two. Empty where it is not known."""
    return str(item["metadata"].get("uid") or "")


def as_new(item: K8sObject) -> dict[str, Any]:
    """A copy of an object that the API server takes as a new one. A Service keeps its address."""
    kept = {key: value for key, value in item.items() if key != "status"}
    kept["metadata"] = {key: item["metadata"][key] for key in _OWN if item["metadata"].get(key)}
    return copy.deepcopy(kept)


def labels_of(item: K8sObject) -> Mapping[str, str]:
    """The object's labels; empty where it has none."""
    labels: Mapping[str, str] = item["metadata"].get("labels") or {}
    return labels


def has_labels(item: K8sObject, wanted: Mapping[str, str]) -> bool:
    """Whether the object, or template, has all of these labels, as a selector asks it; nothing has none."""
    return bool(wanted) and wanted.items() <= labels_of(item).items()


def annotations_of(item: K8sObject) -> Mapping[str, str]:
    """The object's annotations; empty where it has none."""
    annotations: Mapping[str, str] = item["metadata"].get("annotations") or {}
    return annotations


def owners_of(item: K8sObject) -> Sequence[K8sObject]:
    """The references to the objects that made this one."""
    owners: Sequence[K8sObject] = item["metadata"].get("ownerReferences") or ()
    return owners


def made_by(pod: K8sObject) -> str:
    """What to delete for the pod to stay away, as kubectl takes it: its Deployment or other maker, else itself."""
    owner = next(iter(owners_of(pod)), None)
    if owner is None:
        return f"pod/{name_of(pod)}"
    if owner["kind"] == "ReplicaSet":
        return f"deployment/{str(owner['name']).rpartition('-')[0]}"
    return f"{str(owner['kind']).lower()}/{owner['name']}"


def managed_fields_of(item: K8sObject) -> Sequence[K8sObject]:
    """Who set which fields of the object; empty where nobody recorded that."""
    entries: Sequence[K8sObject] = item["metadata"].get("managedFields") or ()
    return entries


def version_of(item: K8sObject) -> str:
    """``metadata.resourceVersion``: another one after each change."""
    return str(item["metadata"]["resourceVersion"])


def is_object(item: object) -> bool:
    """Whether it is an object with a name, as opposed to what a damaged file may hold in its place."""
    metadata = item.get("metadata") if isinstance(item, dict) else None
    return isinstance(metadata, dict) and isinstance(metadata.get("name"), str)


def spec_of(item: K8sObject) -> K8sObject:
    """What the object should be; empty for one that has no ``spec``."""
    spec: K8sObject = item.get("spec") or {}
    return spec


def status_of(item: K8sObject) -> K8sObject:
    """What its controller reports; empty as long as it has not reported."""
    status: K8sObject = item.get("status") or {}
    return status


def phase_of(item: K8sObject) -> str:
    """``status.phase`` of a pod or a volume claim; empty where it is not known."""
    return str(status_of(item).get("phase") or "")


def epoch(timestamp: str) -> float:
    """Seconds since the epoch of an RFC 3339 time, nanoseconds allowed.

    Raises:
        UnexpectedAnswer: it is not such a time.
    """
    try:
        return _epoch(timestamp)
    except (ValueError, TypeError) as error:
        raise UnexpectedAnswer(f"{timestamp!r} is not a time") from error


@lru_cache(maxsize=4096)
def _epoch(timestamp: str) -> float:
    """The same; dozens of checks ask for the times of the same few pods."""
    return datetime.fromisoformat(timestamp).timestamp()


def creation_time(item: K8sObject) -> str:
    """``metadata.creationTimestamp``, as the API writes it; empty for an object that the API has not seen."""
    return str(item["metadata"].get("creationTimestamp") or "")


def created_at(item: K8sObject) -> float:
    """When the object was created, in epoch seconds."""
    return epoch(creation_time(item))


def age(item: K8sObject, now: float) -> float:
    """Seconds since the object was created."""
    return now - created_at(item)


def finalizers_of(item: K8sObject) -> Sequence[str]:
    """What has to happen before the object goes; empty where nothing has."""
    finalizers: Sequence[str] = item["metadata"].get("finalizers") or ()
    return finalizers


def deletion_time(item: K8sObject) -> str:
    """``metadata.deletionTimestamp``, as the API writes it; empty for an object that is not being deleted."""
    return str(item["metadata"].get("deletionTimestamp") or "")


def holding_of(item: K8sObject) -> dict[str, Any]:
    """What of the metadata decides when the object goes; only the fields that are there."""
    metadata = item.get("metadata") or {}
    return {key: metadata[key] for key in _HOLDING if key in metadata}


def is_terminating(item: K8sObject) -> bool:
    """Whether the object is being deleted."""
    return bool(deletion_time(item))


def deletion_due(item: K8sObject) -> float | None:
    """When an object that is being deleted should be gone, grace included, in epoch seconds; None for any other."""
    due = deletion_time(item)
    return epoch(due) if due else None


def deleted_at(item: K8sObject) -> float | None:
    """When the deletion of the object was asked for, in epoch seconds; None where nobody did."""
    due = deletion_due(item)
    return None if due is None else due - float(item["metadata"].get("deletionGracePeriodSeconds") or 0)


def condition(item: K8sObject, kind: str) -> K8sObject:
    """The status condition of type ``kind``; an empty one where the object has none."""
    found = (entry for entry in status_of(item).get("conditions") or () if entry["type"] == kind)
    return next(found, {})


def condition_status(item: K8sObject, kind: str) -> str:
    """``True``, ``False`` or ``Unknown``; empty where the object has no condition of type ``kind``."""
    return str(condition(item, kind).get("status") or "")


def is_true(item: K8sObject, kind: str) -> bool:
    """Whether the status condition of type ``kind`` is there and True."""
    return condition_status(item, kind) == "True"


def condition_since(item: K8sObject, kind: str) -> float | None:
    """When the status condition of type ``kind`` became what it is, in epoch seconds; None where nothing tells."""
    changed = condition(item, kind).get("lastTransitionTime")
    return epoch(changed) if changed else None


def quantity(text: str | int | float) -> float:
    """A Kubernetes quantity as a number: cores, bytes. Raises UnexpectedAnswer where it is not a quantity."""
    digits = str(text).rstrip("numkMGTKi")
    try:
        return float(digits) * _SUFFIXES[str(text)[len(digits) :]]
    except (ValueError, KeyError) as error:
        raise UnexpectedAnswer(f"{text!r} is not a quantity") from error
