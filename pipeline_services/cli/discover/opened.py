"""The connections that the NetworkPolicies let through although nobody is known to be set up for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from pipeline_services.model.errors import PipelineError
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.reachability.open_connections import Network
from pipeline_services.snapshot.reachability.policy_rules import Beyond
from pipeline_services.snapshot.snapshot import Snapshot

NODE: Final = "node"


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
        network = replace(snapshot, pipeline=draft).derive(Network)
    except PipelineError:
        return
    if not network.denies_by_default or network.open_to_everybody:
        return
    described = {(flow.source, flow.destination, flow.port) for flow in draft.flows}
    for source in draft.workloads:
        for destination in (*draft.workloads, NODE):
            for port, policies in _ports(network, source, destination).items():
                if source != destination and (source, destination, port) not in described:
                    yield Opened(source, destination, port, policies)


def _ports(network: Network, source: str, destination: str) -> dict[int, tuple[str, ...]]:
    """The single TCP ports that are open from one to the other, each with the policies that open it."""
    targets = [Beyond.OUTSIDE] if destination == NODE else network.pods_of(destination)
    surplus = [one for pods in network.pods_of(source) for target in targets for one in network.surplus(pods, target)]
    return {int(word): one.policies for one in surplus for word in str(one.open).split(", ") if word.isdigit()}
