"""Reading Kubernetes objects as the API gives them: names, ages, conditions, quantities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pipeline_services.model import names, roles
from pipeline_services.model.errors import NoData, UnexpectedAnswer

K8sObject = Mapping[str, Any]

COMPONENT_APPS: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: (name,) for name in (*names.DEPLOYMENTS, *names.STATEFULSETS)},
    roles.LOKI: (roles.LOKI, *names.DAEMONSETS),
}
"""The ``app`` labels of each component's pods; the log shipper counts as a part of Loki."""

_SUFFIXES: Final = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40,
}  # fmt: skip


def name_of(item: K8sObject) -> str:
    """``metadata.name``."""
    return str(item["metadata"]["name"])


def epoch(timestamp: str) -> float:
    """Seconds since the epoch of an RFC 3339 time, nanoseconds allowed.

    Raises:
        UnexpectedAnswer: it is not such a time.
    """
    try:
        return datetime.fromisoformat(timestamp).timestamp()
    except (ValueError, TypeError) as error:
        raise UnexpectedAnswer(f"{timestamp!r} is not a time") from error


def age(item: K8sObject, now: float) -> float:
    """Seconds since the object was created."""
    return now - epoch(item["metadata"]["creationTimestamp"])


def condition(item: K8sObject, kind: str) -> K8sObject:
    """The status condition of type ``kind``; an empty one where the object has none."""
    found = (entry for entry in item.get("status", {}).get("conditions") or () if entry["type"] == kind)
    return next(found, {})


def quantity(text: str | int | float) -> float:
    """A Kubernetes quantity as a number: cores, bytes.

    Raises:
        UnexpectedAnswer: it is not a quantity.
    """
    digits = str(text).rstrip("numkMGTKi")
    try:
        return float(digits) * _SUFFIXES[str(text)[len(digits) :]]
    except (ValueError, KeyError) as error:
        raise UnexpectedAnswer(f"{text!r} is not a quantity") from error


def require_data(rows: list[Any], what: str) -> list[Any]:
    """``rows``, or NoData naming ``what`` when there are none."""
    if not rows:
        raise NoData(f"no {what}")
    return rows
