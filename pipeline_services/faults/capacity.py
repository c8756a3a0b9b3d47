"""Faults of room: a quota that leaves none, a node that takes no pods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from pipeline_services.faults.journal import Call
from pipeline_services.faults.model import RUN, Api, Fault, Proof, patched
from pipeline_services.faults.objects import created
from pipeline_services.model.component import Component
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import is_cordoned, name_of, replicas_of, taints_of
from pipeline_services.model.kinds import KINDS, MERGE_PATCH

_WOKEN = "conveyor.io/woken-by-fault"


def quota(api: Api, namespace: str, hard: Mapping[str, str]) -> Fault:
    """The fault that gives the namespace a quota; what is over it already stays, what is new is refused."""
    return created(api, "ResourceQuota", "team-quota", namespace, spec={"hard": dict(hard)})


def waking(api: Api, part: Component, namespace: str) -> list[Call]:
    """Steps that make a component's ReplicaSet try again at once; after refusals it would wait for up to minutes.

    Raises:
        PreconditionNotMet: it has no ReplicaSet with pods.
    """
    path = KINDS["ReplicaSet"].path(namespace)
    answer: dict[str, Any] = api.call("GET", f"{path}?{urlencode({'labelSelector': part.label_selector})}")
    active = [name_of(item) for item in answer["items"] if replicas_of(item)]
    if not active:
        raise PreconditionNotMet(f"no ReplicaSet of {part.workload} has pods")
    return [
        Call("PATCH", f"{path}/{active[0]}", {"metadata": {"annotations": {_WOKEN: mark}}}, MERGE_PATCH)
        for mark in (RUN, None)
    ]


def cordoned(api: Api, node: str) -> Fault:
    """The fault that lets a node take no more pods; those on it stay.

    Raises:
        ValueError: no node is named.
        PreconditionNotMet: it takes none already.
    """
    if not node:
        raise ValueError("a fault needs an explicit target, not any node")
    path = KINDS["Node"].path(name=node)
    if is_cordoned(api.call("GET", path)):
        raise PreconditionNotMet(f"the node {node} is cordoned already")
    fault = patched(api, path, {"spec": {"unschedulable": True}}, f"node {node} cordoned")
    return fault.proved(
        Proof(f"the node {node} to be tainted", lambda: bool(_taints(api, path))),
        Proof(f"the node {node} not to be tainted", lambda: not _taints(api, path)),
    )


def _taints(api: Api, path: str) -> list[Any]:
    taints = taints_of(api.call("GET", path))
    return [taint for taint in taints if taint["key"] == "node.kubernetes.io/unschedulable"]
