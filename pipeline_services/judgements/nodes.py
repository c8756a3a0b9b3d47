"""Are the nodes fit to run pods (section 1)?"""

from __future__ import annotations

from typing import Final

from pipeline_services.advice import COMPONENT_ADVICE
from pipeline_services.errors import NoData
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.objects import condition, epoch, name_of, quantity, require_data
from pipeline_services.judgements.resources import STALE_AFTER
from pipeline_services.snapshot import Snapshot

MEMORY_LIMIT: Final = 0.9
"""Share of the allocatable memory: the pods' level of section 8; the kubelet starts to evict not far above it."""
PRESSURES: Final = ("MemoryPressure", "DiskPressure", "PIDPressure")


def are_ready(snapshot: Snapshot) -> None:
    """Every node is Ready and takes pods."""
    for node in require_data(snapshot.data("nodes"), "nodes"):
        ready = condition(node, "Ready")
        if ready.get("status") != "True":
            observed = f"node {name_of(node)} is not ready: {ready.get('message') or ready.get('reason')}"
            raise Deviation(snapshot, observed, "Ready", COMPONENT_ADVICE["node"])
        if node["spec"].get("unschedulable"):
            raise Deviation(snapshot, f"node {name_of(node)} is cordoned", "schedulable", COMPONENT_ADVICE["node"])


def have_no_pressure(snapshot: Snapshot) -> None:
    """No node is short of memory, disk or process ids."""
    for node in require_data(snapshot.data("nodes"), "nodes"):
        for kind in PRESSURES:
            found = condition(node, kind)
            if found.get("status") != "False":
                observed = f"node {name_of(node)} has {kind} {found.get('status', 'Unknown')}: {found.get('message')}"
                raise Deviation(snapshot, observed, f"{kind} False", COMPONENT_ADVICE["node"])


def have_memory(snapshot: Snapshot) -> None:
    """No node uses more than ``MEMORY_LIMIT`` of the memory that pods can have."""
    capacity = {name_of(node): node["status"]["allocatable"]["memory"] for node in snapshot.data("nodes")}
    for metrics in require_data(snapshot.data("node_metrics"), "usage of any node"):
        if snapshot.taken_at - epoch(metrics["timestamp"]) > STALE_AFTER:
            raise NoData(f"the usage of {name_of(metrics)} is from {metrics['timestamp']}, which is too old")
        share = quantity(metrics["usage"]["memory"]) / quantity(capacity[name_of(metrics)])
        if not share < MEMORY_LIMIT:
            advice = COMPONENT_ADVICE["node"].but(next_command="kubectl top nodes")
            observed = f"node {name_of(metrics)} uses {share:.0%} of its memory"
            raise Deviation(snapshot, observed, f"< {MEMORY_LIMIT:.0%} (now)", advice)
