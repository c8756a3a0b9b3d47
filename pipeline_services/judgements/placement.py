"""Whether the scheduler finds a node for a pod, or could find one (section 3.5)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from pipeline_services.model.k8s import (
    K8sObject,
    allocatable,
    condition,
    condition_since,
    condition_status,
    containers_of,
    quantity,
    requests_of,
)

UNPLACED_FOR: Final = 10.0
"""Seconds without a node after which a pod does not wait for another to make way, for its volume or for the node."""
_MAY_PASS: Final = r"Insufficient|Too many pods|persistentvolume|node\.kubernetes\.io/"


def is_unplaced(pod: K8sObject, now: float) -> bool:
    """Whether the scheduler finds no node for the pod, and not only until another pod has made way."""
    if condition_status(pod, "PodScheduled") != "False":
        return False
    message = str(condition(pod, "PodScheduled").get("message"))
    since = condition_since(pod, "PodScheduled") or 0.0
    return now - since >= UNPLACED_FOR or not re.search(_MAY_PASS, message, re.IGNORECASE)


def too_large(nodes: Iterable[K8sObject], pod: K8sObject) -> str:
    """What a pod without a node asks for that no node has even when it is empty: there is no need to wait for one."""
    if condition_status(pod, "PodScheduled") != "False":
        return ""
    known = list(nodes)
    for resource in ("cpu", "memory"):
        wanted = sum(quantity(requests_of(container).get(resource, 0)) for container in containers_of(pod))
        room = max((allocatable(node, resource) for node in known), default=wanted)
        if wanted > room:
            return f"{_amount(resource, wanted)}, and the largest node has {_amount(resource, room)}"
    return ""


def _amount(resource: str, amount: float) -> str:
    return f"{amount:g} CPUs" if resource == "cpu" else f"{amount / 2**30:.1f} GiB"
