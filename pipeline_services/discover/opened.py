"""The connections that the NetworkPolicies let through although nobody is known to be set up for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

from pipeline_services.model.errors import PipelineError
from pipeline_services.model.flows import Flow
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.reachability.open_connections import Network, network_of
from pipeline_services.snapshot.reachability.policy_rules import Beyond
from pipeline_services.snapshot.snapshot import Snapshot

NODE: Final = "node"
DNS: Final = "dns"
DNS_PORT: Final = 53
DNS_PROTOCOLS: Final = ("UDP", "TCP")


@dataclass(frozen=True, slots=True)
class Opened:
    """A TCP port that is open from one component's pods to another's, and the policies that open it."""

    source: str
    destination: str
    port: int
    policies: tuple[str, ...]


def opened(snapshot: Snapshot, draft: Pipeline) -> Iterator[Opened]:
    """What policies that deny by default open beside the flows of ``draft``; single ports, within what it describes.

    Nothing where the policies could not be read, deny nothing, or let everybody connect to everybody: then they say
    nothing of who needs what.
    """
    try:
        network = replace(snapshot, pipeline=draft).derive(network_of)
    except PipelineError:
        return
    if not network.denies_by_default or network.open_to_everybody:
        return
    described = {(flow.source, flow.destination, flow.port) for flow in draft.flows}
    ends = (*draft.workloads, NODE)
    for source, destination in product(ends, ends):
        if (source, destination) != (NODE, NODE):
            for port, policies in _ports(network, source, destination).items():
                if (source, destination, port) not in described:
                    yield Opened(source, destination, port, policies)


def askers(snapshot: Snapshot, draft: Pipeline, names: Flow) -> Iterator[tuple[str, str]]:
    """Who may send the flow ``names``, of which anybody may be the source, each with what it is told by."""
    try:
        network = replace(snapshot, pipeline=draft).derive(network_of)
        let = [one for one in draft.workloads if not network.held_up(replace(names, source=one))]
    except PipelineError:
        let = []
    if let and len(let) < len(draft.workloads):
        yield from ((one, "the NetworkPolicies allow it, and not every pod, to use DNS") for one in let)
    else:
        yield names.source, "every pod asks for names"


def _ports(network: Network, source: str, destination: str) -> dict[int, tuple[str, ...]]:
    """The single TCP ports that are open from one to the other, each with the policies that open it."""
    sources, targets = ([Beyond.OUTSIDE] if end == NODE else network.pods_of(end) for end in (source, destination))
    surplus = [one for pods in sources for target in targets for one in network.surplus(pods, target)]
    return {int(word): one.policies for one in surplus for word in str(one.open).split(", ") if word.isdigit()}
