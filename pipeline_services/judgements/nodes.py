"""Are the nodes fit to run pods (section 1)?"""

from __future__ import annotations

from typing import Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.resources import STALE_AFTER
from pipeline_services.model.errors import NoData, PreconditionNotMet
from pipeline_services.model.k8s import (
    JOINING_S,
    PRESSURES,
    TROUBLES,
    K8sObject,
    allocatable,
    closing_taints,
    condition,
    condition_status,
    epoch,
    is_cordoned,
    is_joining,
    is_true,
    name_of,
    quantity,
)
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.snapshot.snapshot import Snapshot

LEVELS: Final = {"cpu": 0.98, "memory": 0.9}
"""Shares of what is allocatable. Memory has the pods' level of section 8: not far above it the kubelet evicts. Of the
CPU, which pods share by weight, nothing but nothing left is too much."""

_ROLE: Final = "node-role.kubernetes.io/"


def are_ready(snapshot: Snapshot) -> None:
    """Every node is Ready and takes pods.

    Raises:
        PreconditionNotMet: one is not, and was added only lately.
    """
    found = _required(snapshot.data("nodes"), "nodes")
    joining = [node for node in found if not is_true(node, "Ready") and is_joining(node, snapshot.taken_at)]
    for node in (one for one in found if one not in joining):
        ready = condition(node, "Ready")
        if not is_true(node, "Ready"):
            observed = f"node {name_of(node)} is not ready: {ready.get('message') or ready.get('reason')}"
            raise Deviation(snapshot, observed, "Ready", advice_about("node"))
        if is_cordoned(node):
            raise Deviation(snapshot, f"node {name_of(node)} is cordoned", "schedulable", advice_about("node"))
    closed = closed_by_taints(found)
    if closed:
        observed = "; ".join(f"node {name} has the taint {', '.join(taints)}" for name, taints in closed.items())
        advice = advice_about("node").but(
            impact="running pods go on; new pods cannot be scheduled",
            next_command="kubectl describe nodes",
            runbook="high-resource-usage",
        )
        raise Deviation(snapshot, observed, "a node that takes pods", advice)
    if joining:
        raise PreconditionNotMet(f"node {name_of(joining[0])} has just been added; try again in {JOINING_S:g} s")


def closed_by_taints(nodes: list[K8sObject]) -> dict[str, list[str]]:
    """The taints of each node where all have some; where one takes pods, the others may be kept for something else."""
    found = {name_of(node): closing_taints(node) for node in nodes}
    return found if all(found.values()) else {}


def closed_by_hand(nodes: list[K8sObject]) -> dict[str, list[str]]:
    """The nodes that a taint closes, each with its taints; those of a role, as of a control plane, only where there are
    no others: they are meant to be there, and nobody is told to take them away.
    """
    found = {name_of(node): keys for node in nodes if (keys := closing_taints(node))}
    by_hand = {name: own for name, keys in found.items() if (own := [key for key in keys if not key.startswith(_ROLE)])}
    return by_hand or found


def take_no_pods(nodes: list[K8sObject]) -> bool:
    """Whether each of the nodes is cordoned or closed by a taint, so that a new pod finds no place at all."""
    return bool(nodes) and all(is_cordoned(node) or closing_taints(node) for node in nodes)


def have_no_pressure(snapshot: Snapshot) -> None:
    """No node is short of memory, disk or process ids, and nothing else says that it is in trouble."""
    for node in _required(snapshot.data("nodes"), "nodes"):
        for kind in PRESSURES:
            found = condition(node, kind)
            if condition_status(node, kind) != "False":
                observed = f"node {name_of(node)} has {kind} {found.get('status', 'Unknown')}: {found.get('message')}"
                raise Deviation(snapshot, observed, f"{kind} False", advice_about("node"))
        for kind in TROUBLES:
            if is_true(node, kind):
                observed = f"node {name_of(node)} has {kind} True: {condition(node, kind).get('message')}"
                raise Deviation(snapshot, observed, f"{kind} False", advice_about("node"))


def have_room(snapshot: Snapshot, resource: str) -> None:
    """No node uses more of ``cpu`` or ``memory`` than the share in ``LEVELS`` of what pods can have.

    Raises:
        NoData: a Ready node's usage is not known, or too old.
    """
    nodes, used = _required(snapshot.data("nodes"), "nodes"), dict[str, float]()
    capacity = {name_of(node): allocatable(node, resource) for node in nodes}
    for metrics in _required(snapshot.data("node_metrics"), "usage of any node"):
        name = name_of(metrics)
        if not capacity.get(name):
            continue  # it has left since its usage was measured, or has not said yet what pods can have
        if snapshot.taken_at - epoch(metrics["timestamp"]) > STALE_AFTER:
            raise NoData(f"the usage of {name} is from {metrics['timestamp']}, which is too old")
        used[name] = quantity(metrics["usage"][resource]) / capacity[name]
        if not used[name] < LEVELS[resource]:
            advice = advice_about("node").but(next_command="kubectl top nodes")
            observed = f"node {name} uses {used[name]:.0%} of its {resource}"
            raise Deviation(snapshot, observed, f"< {LEVELS[resource]:.0%} (last 15 s)", advice)
    if missing := [name_of(node) for node in nodes if is_true(node, "Ready") and name_of(node) not in used]:
        raise NoData(f"it is not known how much {resource} node {missing[0]} uses")


def _required(rows: list[K8sObject], what: str) -> list[K8sObject]:
    if not rows:
        raise NoData(f"no {what}")
    return rows
