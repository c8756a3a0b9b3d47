"""Are the NetworkPolicies there: everything denied, and just the described flows allowed (section 3.6)?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.flows import Attempt, Flow, attempts
from pipeline_services.model.metrics.advice import Advice, advice_about
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.reachability.open_connections import ELSEWHERE, Network, Surplus, network_of
from pipeline_services.snapshot.reachability.port_sets import Ports
from pipeline_services.snapshot.snapshot import Snapshot

_SHOWN: Final = 3
"""So many surplus connections, and so many sources of one, are named."""


def needed(pipeline: Pipeline) -> Mapping[str, Flow]:
    """The described flows by their id; of those that differ in no more than their port, the first."""
    return {flow.id: flow for flow in reversed(pipeline.flows)}


@lru_cache(maxsize=8)
def denied(pipeline: Pipeline) -> Mapping[str, Attempt]:
    """The attempts between components that are no described flow, by id."""
    return {attempt.id: attempt for attempt in attempts(pipeline).values() if not attempt.allowed}


def destinations(pipeline: Pipeline) -> tuple[str, ...]:
    """Each workload, and ``elsewhere``."""
    return (*pipeline.workloads, ELSEWHERE)


def deny_by_default(snapshot: Snapshot) -> None:
    """One policy selects every pod, in both directions, and allows nothing; no other gives that up for every pod."""
    network = snapshot.derive(network_of)
    advice = advice_about("network")
    if not network.denies_by_default:
        raise Deviation(snapshot, "no NetworkPolicy denies by default", "one for all pods, both ways", advice)
    if network.open_to_everybody:
        raise Deviation(
            snapshot, _open_to_everybody(network), "no policy that allows it", _too_loose(network.open_to_everybody[0])
        )


def allow(snapshot: Snapshot, flow_id: str) -> None:
    """The policies together let the flow out of its source and into its destination, on all its ports."""
    for flow, where in held_up(snapshot, flow_id):
        raise Deviation(snapshot, f"no NetworkPolicy allows {flow} ({where})", "one", advice_about("network"))


def held_up(snapshot: Snapshot, flow_id: str) -> list[tuple[Flow, str]]:
    """The flows of that id that policies stop, each with where they do: ``egress of producer``."""
    network = snapshot.derive(network_of)
    ways = [(flow, network.held_up(flow)) for flow in snapshot.pipeline.flows if flow.id == flow_id]
    return [(flow, where) for flow, where in ways if where]


def deny(snapshot: Snapshot, attempt_id: str) -> None:
    """No policies together let the attempt out of its source and into its destination.

    Raises:
        PreconditionNotMet: what lets it through lets everything through, which is the one thing to put right first.
    """
    attempt, network = denied(snapshot.pipeline)[attempt_id], snapshot.derive(network_of)
    port = Ports.of("TCP", attempt.port, attempt.port)
    surplus = [
        one
        for source in network.pods_of(attempt.source)
        for destination in network.pods_of(attempt.destination)
        for one in network.surplus(source, destination, port)
    ]
    _require_none(snapshot, network, surplus)


def allow_nothing_else(snapshot: Snapshot, destination: str) -> None:
    """To the destination nobody may connect but as the profile says: no pod, no other namespace, nobody outside.

    What ``deny`` tries is left to it.

    Raises:
        PreconditionNotMet: as ``deny``.
    """
    network = snapshot.derive(network_of)
    tried = {(one.source, one.destination): one.port for one in denied(snapshot.pipeline).values()}
    surplus = [
        one
        for source, target in network.ends(destination)
        for one in network.surplus(source, target)
        if not one.contains(tried.get((str(source), str(target))))
    ]
    _require_none(snapshot, network, surplus)


def _require_none(snapshot: Snapshot, network: Network, surplus: list[Surplus]) -> None:
    if not network.denies_by_default:
        raise PreconditionNotMet("no NetworkPolicy denies by default")
    own = [one for one in surplus if not set(one.policies) <= set(network.open_to_everybody)]
    if own:
        raise Deviation(snapshot, _told(own), "no policy that allows it", _too_loose(own[0].policies[0]))
    if surplus:
        raise PreconditionNotMet(_open_to_everybody(network))


def _open_to_everybody(network: Network) -> str:
    policies = network.open_to_everybody
    let = f"NetworkPolicy {policies[0]} lets" if len(policies) == 1 else f"NetworkPolicies {' and '.join(policies)} let"
    return f"{let} every pod connect to every other"


def _told(surplus: Iterable[Surplus]) -> str:
    """The connections in words: those to one destination by the same policies together."""
    sources: dict[str, list[str]] = {}
    for one in surplus:
        words = str(one.open)
        where = f"{one.destination}:{words}" if words.isdigit() else f"{one.destination} ({words})"
        sources.setdefault(
            f"to {where} is open and should not be, by NetworkPolicy {' and '.join(one.policies)}", []
        ).append(str(one.source))
    return "; ".join(_some([f"{', '.join(_some(names))} {way}" for way, names in sources.items()]))


def _some(lines: list[str]) -> list[str]:
    known = list(dict.fromkeys(lines))
    return [*known[:_SHOWN], *([f"{len(known) - _SHOWN} more"] if len(known) > _SHOWN else [])]


def _too_loose(policy: str) -> Advice:
    return advice_about("network").but(
        impact="an intruder in one pod can reach more: a pod has connections that it does not need",
        next_command=f"kubectl describe networkpolicy -n {{namespace}} {policy}",
    )
