"""Known-bad examples of NetworkPolicies: too strict, too loose, or gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline_services.judgements.network_policies import denied, needed
from pipeline_services.model import roles
from pipeline_services.model.flows import ANY, NAMESPACE_NAME
from pipeline_services.snapshot.reachability.open_connections import ELSEWHERE
from tests.judgements.world import World

Breakage = Callable[..., None]
STRAY = "stray"
EVERYBODY: dict[str, Any] = {}


def add_policy(world: World, name: str, pods: dict[str, Any], **rules: list[dict[str, Any]]) -> None:
    """One more policy. ``rules``: ``ingress`` and ``egress``."""
    types = [direction.title() for direction in rules]
    spec = {"podSelector": pods, "policyTypes": types, **rules}
    world.answers["networkpolicies"].append(
        {"metadata": {"name": name, "namespace": world.pipeline.namespace}, "spec": spec}
    )


def app(name: str) -> dict[str, Any]:
    """The selector of pods by their ``app`` label."""
    return {"matchLabels": {"app": name}}


def pods(world: World, component: str) -> dict[str, Any]:
    """The selector of a component's pods; of the stray pod, its own label."""
    part = world.pipeline.workloads.get(component)
    return {"matchLabels": dict(part.selector)} if part else app(component)


def policy_gone(name: str) -> Breakage:
    def breakage(world: World, *_: str) -> None:
        world.drop("networkpolicies", lambda item: item["metadata"]["name"] == name)

    return breakage


def policy_narrowed(side: str) -> Breakage:
    """The policy stays, but its rules are for another port. What is not in the namespace has no policy of ours."""

    def breakage(world: World, flow_id: str) -> None:
        flow = needed(world.pipeline)[flow_id]
        at = side if world.pipeline[flow.destination].workload else "egress"
        sender = "allow-dns" if flow.source == ANY else flow.source
        for rule in world.item("networkpolicies", sender if at == "egress" else flow.destination)["spec"][at]:
            rule["ports"] = [{"protocol": "TCP", "port": 1}]

    return breakage


def open_to_all(world: World, *_: str) -> None:
    add_policy(world, "allow-all", EVERYBODY, ingress=[{}], egress=[{}])


def open_within_the_namespace(world: World, *_: str) -> None:
    """The usual way to be too generous: everybody in this namespace, by its name."""
    anybody = [{"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: world.pipeline.namespace}}}]
    add_policy(world, "same-namespace", EVERYBODY, ingress=[{"from": anybody}], egress=[{"to": anybody}])


def connected(world: World, source: str, destination: str) -> None:
    """Two policies let the pods of one app connect to those of another, on all ports."""
    ends = pods(world, source), pods(world, destination)
    add_policy(world, f"{source}-out", ends[0], egress=[{"to": [{"podSelector": ends[1]}]}])
    add_policy(world, f"{destination}-in", ends[1], ingress=[{"from": [{"podSelector": ends[0]}]}])


def attempt_let_through(world: World, attempt_id: str) -> None:
    attempt = denied(world.pipeline)[attempt_id]
    connected(world, attempt.source, attempt.destination)


def open_to(**peer: Any) -> Breakage:
    """The destination lets the peer in; where it is ``elsewhere``, the producer is let out to the peer."""

    def breakage(world: World, destination: str) -> None:
        if destination == ELSEWHERE:
            add_policy(world, "debug", pods(world, roles.PRODUCER), egress=[{"to": [peer]}])
        else:
            add_policy(world, "debug", pods(world, destination), ingress=[{"from": [peer]}])

    return breakage


def open_to_a_stray_pod(world: World, destination: str) -> None:
    pod = {"metadata": {"name": STRAY, "labels": {"app": STRAY}}, "spec": {"containers": []}, "status": {}}
    world.answers["pods"].append({**pod, "status": {"phase": "Running"}})
    ends = (roles.PRODUCER, STRAY) if destination == ELSEWHERE else (STRAY, destination)
    connected(world, *ends)


KNOWN_BAD_POLICIES: dict[str, tuple[Breakage, ...]] = {
    "test_network_allows": (policy_narrowed("egress"), policy_narrowed("ingress")),
    "test_network_denies": (attempt_let_through,),
    "test_network_denies_by_default": (policy_gone("default-deny"), open_to_all, open_within_the_namespace),
    "test_network_allows_nothing_else": (
        open_to(namespaceSelector={}),
        open_to(ipBlock={"cidr": "203.0.113.0/24"}),
        open_to_a_stray_pod,
    ),
}
