"""What may connect is worked out for every pod, other namespaces and outside, against exactly the described flows."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.checklist import checks
from pipeline_services.checklist.checks import cases
from pipeline_services.checklist.run import CheckResult, run_checks
from pipeline_services.judgements import network_policies
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.model import roles
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.flows import attempts
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.reachability.open_connections import ELSEWHERE
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.known_bad.policies import (
    EVERYBODY,
    add_policy,
    app,
    connected,
    open_to_a_stray_pod,
    open_to_all,
    open_within_the_namespace,
    policy_gone,
)
from tests.judgements.world import World, healthy

PIPELINE = Pipeline.load()
ATTEMPT = "producer-to-influxdb"


NETWORK = [
    case
    for case in cases(PIPELINE, run="daily")
    if case.component == "network" and case.check is not checks.SET_AS_DECLARED
]
"""What says of connections whether they are let through; that the policies were changed at all is told besides."""


def results(world: World) -> list[CheckResult]:
    return list(run_checks(world.snapshot(), NETWORK).values())


def red(world: World) -> list[str]:
    """The failed checks of the network."""
    return [one.id for one in results(world) if one.failed]


def kinds_of_answers(world: World) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in results(world):
        counts[f"{one.outcome}: {one.why}"] = counts.get(f"{one.outcome}: {one.why}", 0) + 1
    return counts


def causes(world: World) -> list[tuple[str, str]]:
    return [(one.component, one.cause.id) for one in diagnose(world.snapshot()).findings]


def nothing_else(world: World, destination: str, message: str) -> None:
    with pytest.raises(Deviation, match=message):
        network_policies.allow_nothing_else(world.snapshot(), destination)


def test_every_attempt_is_either_needed_or_denied() -> None:
    tried = attempts(PIPELINE)
    assert len(tried) == len(PIPELINE.workloads) * (len(PIPELINE.workloads) - 1)
    denied = network_policies.denied(PIPELINE)
    assert {one.id for one in tried.values() if not one.allowed} == denied.keys()
    flows = {(flow.source, flow.destination, flow.port) for flow in PIPELINE.flows}
    assert not flows & {(one.source, one.destination, one.port) for one in denied.values()}


@pytest.mark.parametrize("source", [roles.GRAFANA, roles.LOG_SHIPPER])
def test_whoever_watches_is_let_through_to_kafka_and_it_is_seen(source: str) -> None:
    world = healthy()
    connected(world, source, roles.KAFKA)
    assert red(world) == [f"test_network_denies[{source}-to-kafka]"]
    assert causes(world) == [("network", "policy-too-loose")]


def test_another_port_of_a_needed_connection_is_surplus() -> None:
    world = healthy()
    connected(world, roles.PROCESSOR, roles.KAFKA)
    assert red(world) == ["test_network_allows_nothing_else[kafka]"]
    nothing_else(
        world,
        roles.KAFKA,
        r"processor to kafka \(all ports\) is open and should not be, by NetworkPolicy processor-out and kafka-in",
    )
    assert causes(world) == [("network", "policy-too-loose")]


def test_a_port_by_its_name_is_the_one_that_the_pods_declare() -> None:
    world = healthy()
    rule = world.item("networkpolicies", roles.KAFKA)["spec"]["ingress"][0]
    container = world.pods(roles.KAFKA)[0]["spec"]["containers"][0]
    container["ports"] = [{"name": "kafka", "containerPort": 9092}, {"name": "other", "containerPort": 9999}]
    rule["ports"] = [{"protocol": "TCP", "port": "kafka"}]
    assert not red(world)
    rule["ports"] = [{"protocol": "TCP", "port": "other"}]
    assert red(world) == ["test_network_allows[producer-kafka]"]


def test_replicas_of_a_component_have_no_business_with_each_other() -> None:
    world = healthy()
    connected(world, roles.PRODUCER, roles.PRODUCER)
    nothing_else(world, roles.PRODUCER, r"producer to producer \(all ports\)")


def test_one_pod_that_differs_from_the_others_is_looked_at() -> None:
    world = healthy()
    world.pods(roles.GRAFANA)[0]["metadata"]["labels"]["debug"] = "yes"
    add_policy(world, "debug", {"matchLabels": {"debug": "yes"}}, egress=[{}])
    add_policy(world, "store", app(roles.INFLUXDB), ingress=[{"from": [{"podSelector": EVERYBODY}]}])
    nothing_else(world, roles.INFLUXDB, r"grafana to influxdb \(.*NetworkPolicy debug and store")
    nothing_else(
        world,
        ELSEWHERE,
        r"grafana to pods of other namespaces \(all ports\) is open and should not be, by NetworkPolicy debug",
    )
    nothing_else(
        world,
        ELSEWHERE,
        r"grafana to addresses outside \(all ports\) is open and should not be, by NetworkPolicy debug",
    )


def test_a_policy_of_a_workload_without_pods_is_looked_at_as_well() -> None:
    world = healthy()
    world.drop("pods", lambda pod: pod["metadata"]["labels"]["app"] == roles.GRAFANA)
    connected(world, roles.GRAFANA, roles.KAFKA)
    assert "test_network_denies[grafana-to-kafka]" in red(world)
    world.drop("deployments", lambda item: item["metadata"]["name"] == roles.GRAFANA)
    assert "test_network_denies[grafana-to-kafka]" in red(world)


def test_pods_that_are_over_or_on_the_node_s_network_are_not_looked_at() -> None:
    for change in ({"status": {"phase": "Succeeded"}}, {"spec": {"hostNetwork": True, "containers": []}}):
        world = healthy()
        open_to_a_stray_pod(world, roles.KAFKA)
        nothing_else(world, roles.KAFKA, "stray to kafka")
        world.answers["pods"][-1] |= change
        network_policies.allow_nothing_else(world.snapshot(), roles.KAFKA)


def test_a_stranger_may_look_up_names_as_every_pod() -> None:
    world = healthy()
    open_to_a_stray_pod(world, roles.KAFKA)
    network_policies.allow_nothing_else(world.snapshot(), ELSEWHERE)


def test_names_may_be_looked_up_and_nothing_else_of_the_servers() -> None:
    world = healthy()
    policy = world.item("networkpolicies", "allow-dns")["spec"]
    del policy["egress"][0]["ports"]
    nothing_else(
        world, ELSEWHERE, r"\d+ more to dns \(all ports\) is open and should not be, by NetworkPolicy allow-dns"
    )
    policy["egress"] = [{**rule, "to": [{"namespaceSelector": {}}]} for rule in policy["egress"][1:]]
    nothing_else(
        world, ELSEWHERE, r"to pods of other namespaces:53 is open and should not be, by NetworkPolicy allow-dns"
    )


def test_a_pod_is_known_by_its_address_too() -> None:
    world = healthy()
    world.pods(roles.GRAFANA)[0]["status"]["podIPs"] = [{"ip": "10.244.0.7"}]
    add_policy(world, "out", app(roles.GRAFANA), egress=[{"to": [{"podSelector": app(roles.KAFKA)}]}])
    for block, way in (
        ({"cidr": "10.244.0.0/24"}, True),
        ({"cidr": "10.244.0.0/24", "except": ["10.244.0.7/32"]}, False),
        ({"cidr": "fd00::/8"}, False),
    ):
        policy_gone("in")(world)
        add_policy(world, "in", app(roles.KAFKA), ingress=[{"from": [{"ipBlock": block}]}])
        assert ("test_network_denies[grafana-to-kafka]" in red(world)) is way


@pytest.mark.parametrize("breakage", [open_to_all, open_within_the_namespace])
def test_a_policy_that_opens_everything_is_one_failure(breakage: Any) -> None:
    world = healthy()
    breakage(world)
    assert red(world) == ["test_network_denies_by_default"]
    assert len(kinds_of_answers(world)) == 2, "one failure, and one reason for all that cannot be judged beside it"
    assert causes(world) == [("network", "policy-too-loose")]


def test_what_is_let_through_by_another_policy_as_well_is_its_own_failure() -> None:
    world = healthy()
    open_to_all(world)
    connected(world, roles.GRAFANA, roles.KAFKA)
    assert red(world) == ["test_network_denies_by_default", "test_network_denies[grafana-to-kafka]"]


def test_the_policies_to_blame_are_named() -> None:
    world = healthy()
    connected(world, roles.PRODUCER, roles.INFLUXDB)
    with pytest.raises(
        Deviation,
        match=r"producer to influxdb:8086 is open and should not be, by NetworkPolicy producer-out and influxdb-in; e",
    ):
        network_policies.deny(world.snapshot(), ATTEMPT)


def test_one_end_that_is_open_lets_nothing_through_from_within() -> None:
    world = healthy()
    world.item("networkpolicies", roles.INFLUXDB)["spec"]["ingress"] = [{"from": [{"podSelector": EVERYBODY}]}]
    assert not red(world)
    world.item("networkpolicies", roles.PRODUCER)["spec"]["egress"] = [{"to": [{"podSelector": EVERYBODY}]}]
    with pytest.raises(Deviation, match="by NetworkPolicy producer and influxdb"):
        network_policies.deny(world.snapshot(), ATTEMPT)
    network_policies.deny(world.snapshot(), "producer-to-loki")


def test_one_end_that_is_open_is_open_to_everybody_beyond() -> None:
    world = healthy()
    world.item("networkpolicies", roles.INFLUXDB)["spec"]["ingress"] = [{}]
    assert red(world) == ["test_network_allows_nothing_else[influxdb]"]
    nothing_else(world, roles.INFLUXDB, r"pods of other namespaces, addresses outside to influxdb \(all ports\)")


def test_where_nothing_is_denied_by_default_that_is_the_finding() -> None:
    world = healthy()
    policy_gone("default-deny")(world)
    for judge, subject in (
        (network_policies.deny, "loki-to-prometheus"),
        (network_policies.allow_nothing_else, roles.KAFKA),
    ):
        with pytest.raises(PreconditionNotMet, match="no NetworkPolicy denies by default"):
            judge(world.snapshot(), subject)


def test_a_flow_is_needed_by_every_pod_of_its_source() -> None:
    world = healthy()
    world.pods(roles.PRODUCER)[0]["metadata"]["labels"]["version"] = "2"
    world.item("networkpolicies", roles.PRODUCER)["spec"]["podSelector"]["matchLabels"]["version"] = "1"
    assert "test_network_allows[producer-kafka]" in red(world)
    assert ("network", "policy-blocks") in causes(world)
