"""Do the kubelets report? What is known of the pods of one that does not is as old as its last word (sections 1, 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.model.errors import NoData, PreconditionNotMet
from pipeline_services.model.k8s import SILENT_AFTER_S, K8sObject, is_true, name_of, node_of, renewed_at, spec_of
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.snapshot.snapshot import Snapshot

LEASES: Final = "node_leases"
CONTROLLER: Final = "kube-controller-manager"
"""The Lease of what says of a silent node that it is not Ready."""
NOTICED_S: Final = 90.0
"""Seconds after which that has been said of a node that is silent: 50 by default, and how long a look takes."""


def nodes_report(snapshot: Snapshot) -> None:
    """Every node has a Lease that its kubelet renewed lately, four times as long ago as usual at most.

    Raises:
        NoData: a node has no Lease, or one that was never renewed.
    """
    known = {name_of(lease) for lease in snapshot.data(LEASES) if spec_of(lease).get("renewTime")}
    nodes = [name_of(node) for node in snapshot.data("nodes")]
    silent = snapshot.derive(silent_nodes)
    for node in nodes:
        if node in silent:
            advice = advice_about("node").but(
                impact="its pods may still run, but their status is stale; kubectl logs and exec do not work",
                next_command=f"kubectl describe node {node}",
                runbook="the-cluster-itself",
            )
            observed = f"the kubelet of node {node} has not reported for {silent[node]:.0f} s"
            raise Deviation(snapshot, observed, f"at most {SILENT_AFTER_S:.0f} s ago", advice)
    for node, seconds in snapshot.derive(clocks_behind).items():
        advice = advice_about("node").but(
            impact="what it reports looks old, and it takes certificates and tokens to be not valid yet",
            next_command=f"kubectl describe node {node}",
            runbook="the-cluster-itself",
        )
        raise Deviation(snapshot, f"the clock of node {node} is {seconds:.0f} s behind", "right to the second", advice)
    if missing := sorted(set(nodes) - known):
        raise NoData(f"the node {missing[0]} has no Lease that its kubelet renewed")


def silent_nodes(snapshot: Snapshot) -> Mapping[str, float]:
    """The nodes whose kubelet is silent, with the seconds since its last word; none where nobody may look."""
    behind = snapshot.derive(clocks_behind)
    return {node: age for node, age in _ages(snapshot).items() if age > SILENT_AFTER_S and node not in behind}


def clocks_behind(snapshot: Snapshot) -> Mapping[str, float]:
    """The nodes that are Ready though the last word of their kubelet seems old, with the seconds that it seems so.

    The node controller goes by its own clock: it says of a kubelet that is silent that its node is not Ready. So none
    where that controller is not known to work, by the clock of whoever looks.
    """
    ready = {name_of(node) for node in snapshot.answers.get("nodes", ()) if is_true(node, "Ready")}
    leases = [one for one in snapshot.answers.get("system_leases", ()) if name_of(one) == CONTROLLER]
    if not any(spec_of(one).get("renewTime") for one in leases):
        return {}
    if any(snapshot.taken_at - renewed_at(one) > SILENT_AFTER_S for one in leases):
        return {}
    return {node: age for node, age in _ages(snapshot).items() if age > NOTICED_S and node in ready}


def _ages(snapshot: Snapshot) -> dict[str, float]:
    leases = snapshot.answers.get(LEASES) or ()
    return {name_of(one): snapshot.taken_at - renewed_at(one) for one in leases if spec_of(one).get("renewTime")}


def lost_nodes(snapshot: Snapshot) -> frozenset[str]:
    """The nodes that are silent or not Ready: nobody knows whether what was started there still runs."""
    unready = [name_of(node) for node in snapshot.answers.get("nodes", ()) if not is_true(node, "Ready")]
    return frozenset({*snapshot.derive(silent_nodes), *unready})


def on_silent_nodes(snapshot: Snapshot, pods: list[K8sObject]) -> bool:
    """Whether what is known of these pods may be as old as the last word of a silent kubelet, if anything is known."""
    silent = snapshot.derive(silent_nodes)
    return any(node_of(pod) in silent for pod in pods) if pods else bool(silent)


def require_fresh(snapshot: Snapshot, pods: list[K8sObject]) -> None:
    """Refuse to judge pods by what was said of them before their node fell silent.

    Raises:
        PreconditionNotMet: that is so.
    """
    silent = snapshot.derive(silent_nodes)
    for node in (node_of(pod) for pod in pods) if silent else ():
        if node in silent:
            raise PreconditionNotMet(
                f"what is known of the pods on node {node} is {silent[node]:.0f} s old: its kubelet does not report"
            )


def require_fresh_nodes(snapshot: Snapshot) -> None:
    """Refuse to judge what runs on any node of the cluster while one of them is silent.

    Raises:
        PreconditionNotMet: that is so.
    """
    for node, seconds in snapshot.derive(silent_nodes).items():
        raise PreconditionNotMet(
            f"what is known of pods is {seconds:.0f} s old: the kubelet of node {node} does not report"
        )
