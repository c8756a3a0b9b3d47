"""The NetworkPolicies of a pipeline, from the flows of its profile (section 3.6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pipeline_services.model.flows import ANY, NAMESPACE_NAME, Flow
from pipeline_services.model.pipeline import Pipeline

EVERYWHERE: Final = "0.0.0.0/0"
"""The API server and the kubelet answer on the node's address, which each cluster has anew: only ports are known."""
Manifest = dict[str, Any]
Ports = tuple[tuple[str, int], ...]


def network_policies(pipeline: Pipeline) -> list[Manifest]:
    """One that denies everything, one for what every pod may, and one for each workload that is an end of a flow."""
    deny = _policy(pipeline, "default-deny", {}, Ingress=None, Egress=None)
    of_all = _by_end((flow for flow in pipeline.flows if flow.source == ANY), "destination")
    anybody = [_policy(pipeline, f"allow-{end}", {}, Egress=_rules(pipeline, of_all[end], "to")) for end in of_all]
    own = [
        _policy(pipeline, part.workload, {"matchLabels": dict(part.selector)}, **sides)
        for part in pipeline.workloads.values()
        if (sides := _sides(pipeline, part.id))
    ]
    return [deny, *anybody, *own]


def _sides(pipeline: Pipeline, component: str) -> dict[str, list[Manifest] | None]:
    into = [flow for flow in pipeline.flows if flow.destination == component]
    out = [flow for flow in pipeline.flows if flow.source == component]
    sides = {"Ingress": _rules(pipeline, into, "from"), "Egress": _rules(pipeline, out, "to")}
    return {side: rules for side, rules in sides.items() if rules}


def _policy(pipeline: Pipeline, name: str, selector: Manifest, **sides: list[Manifest] | None) -> Manifest:
    spec: Manifest = {"podSelector": selector, "policyTypes": list(sides)}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": pipeline.namespace},
        "spec": spec | {side.lower(): rules for side, rules in sides.items() if rules},
    }


def _rules(pipeline: Pipeline, flows: Iterable[Flow], side: str) -> list[Manifest]:
    """A rule for each set of ports, with all the peers that it is open to."""
    peers: dict[Ports, list[str]] = {}
    for peer, own in _by_end(flows, "destination" if side == "to" else "source").items():
        peers.setdefault(tuple((flow.protocol, flow.port) for flow in own), []).append(peer)
    return [
        {
            side: [_end(pipeline, name) for name in names],
            "ports": [{"protocol": protocol, "port": port} for protocol, port in ports],
        }
        for ports, names in peers.items()
    ]


def _by_end(flows: Iterable[Flow], end: str) -> Mapping[str, Sequence[Flow]]:
    found: dict[str, list[Flow]] = {}
    for flow in flows:
        found.setdefault(getattr(flow, end), []).append(flow)
    return found


def _end(pipeline: Pipeline, component: str) -> Manifest:
    """The pods of a component as a peer; where it has none that can be selected, every address."""
    if component == ANY:
        return {"podSelector": {}}
    part = pipeline[component]
    if not part.selector:
        return {"ipBlock": {"cidr": EVERYWHERE}}
    pods: Manifest = {"podSelector": {"matchLabels": dict(part.selector)}}
    space: Manifest = {"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: part.namespace}}}
    return space | pods if part.namespace else pods
