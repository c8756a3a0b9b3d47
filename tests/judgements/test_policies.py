"""What a policy's peers and ports mean."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.judgements import network_policies
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.model import roles
from pipeline_services.model.flows import NAMESPACE_NAME
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.reachability.policy_rules import Block, holds
from pipeline_services.snapshot.reachability.port_sets import ALL_PORTS, Ports
from tests.judgements.known_bad.policies import add_policy, app
from tests.judgements.world import healthy

NAMESPACE = Pipeline.load().namespace


@pytest.mark.parametrize(
    ("peer", "wrong"),
    [
        ({"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: "other"}}}, True),
        ({"namespaceSelector": {"matchLabels": {"team": "other"}}}, True),
        ({"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "producer"}}}, True),
        ({"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: NAMESPACE}}, **{"podSelector": app("nobody")}}, False),
        (
            {
                "namespaceSelector": {
                    "matchExpressions": [{"key": NAMESPACE_NAME, "operator": "In", "values": ["other"]}]
                }
            },
            True,
        ),
        (
            {
                "namespaceSelector": {
                    "matchExpressions": [{"key": NAMESPACE_NAME, "operator": "In", "values": [NAMESPACE]}]
                },
                "podSelector": app("nobody"),
            },
            False,
        ),
        ({"namespaceSelector": {"matchExpressions": [{"key": NAMESPACE_NAME, "operator": "DoesNotExist"}]}}, False),
        ({"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}}, True),
        ({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}, True),
        ({"ipBlock": {"cidr": "192.0.2.7/32"}}, True),
    ],
)
def test_who_else_is_let_in(peer: dict[str, Any], wrong: bool) -> None:
    world = healthy()
    add_policy(world, "debug", app(roles.KAFKA), ingress=[{"from": [peer], "ports": [{"port": 9092}]}])
    if wrong:
        with pytest.raises(Deviation, match=r"to kafka:9092 is open and should not be, by NetworkPolicy debug"):
            network_policies.allow_nothing_else(world.snapshot(), roles.KAFKA)
    else:
        network_policies.allow_nothing_else(world.snapshot(), roles.KAFKA)


@pytest.mark.parametrize(
    ("cidr", "without", "addresses", "held"),
    [
        ("10.0.0.0/8", (), ["192.0.2.7", "10.1.2.3"], True),
        ("10.0.0.0/8", (), ["192.0.2.7"], False),
        ("10.0.0.0/8", (), [], False),
        ("10.0.0.0/8", ("10.1.0.0/16", "10.2.0.0/16"), ["10.2.0.1"], False),
        ("10.0.0.0/8", ("10.1.0.0/16", "10.2.0.0/16"), ["10.3.0.1"], True),
        ("fd00::/8", (), ["10.1.2.3"], False),
        ("0.0.0.0/0", (), [], True),
        ("0.0.0.0/0", ("10.0.0.0/8",), [], False),
        ("0.0.0.0/0", ("10.0.0.0/8",), ["10.1.2.3"], False),
    ],
)
def test_what_an_address_block_holds(cidr: str, without: tuple[str, ...], addresses: list[str], held: bool) -> None:
    assert Block.of({"cidr": cidr, "except": without}).holds(addresses) is held


@pytest.mark.parametrize(
    ("operator", "values", "held"),
    [
        ("In", ["kafka", "loki"], True),
        ("In", ["loki"], False),
        ("NotIn", ["loki"], True),
        ("NotIn", ["kafka"], False),
        ("Exists", None, True),
        ("DoesNotExist", None, False),
    ],
)
def test_what_a_selector_matches(operator: str, values: list[str] | None, held: bool) -> None:
    labels, told = {"app": "kafka", "tier": "bus"}, {"key": "app", "operator": operator, "values": values}
    assert holds({"matchExpressions": [told]}, labels) is held
    assert holds({"matchExpressions": [told], "matchLabels": {"tier": "bus"}}, labels) is held
    assert not holds({"matchExpressions": [told], "matchLabels": {"tier": "store"}}, labels)
    assert holds({"matchExpressions": [told]}, {}) is (operator in ("NotIn", "DoesNotExist"))


def test_all_kinds_of_peers() -> None:
    world = healthy()
    policy = world.item("networkpolicies", roles.INFLUXDB)["spec"]
    for rules in (
        [{}],
        [{"from": [{"podSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}]}],
        [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 8000, "endPort": 9000}]}],
        [{"from": [{"namespaceSelector": {}}]}],
    ):
        policy["ingress"] = rules
        network_policies.allow(world.snapshot(), "processor-influxdb")
    for rules in (
        [{"from": [{"namespaceSelector": {"matchLabels": {"a": "b"}}, "podSelector": {}}]}],
        [
            {
                "from": [
                    {
                        "podSelector": {
                            "matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["processor"]}]
                        }
                    }
                ]
            }
        ],
        [{"ports": [{"protocol": "UDP", "port": 8086}]}],
    ):
        policy["ingress"] = rules
        with pytest.raises(Deviation, match="ingress of influxdb"):
            network_policies.allow(world.snapshot(), "processor-influxdb")
    world.drop("networkpolicies", lambda item: item["metadata"]["name"] in (roles.INFLUXDB, "default-deny"))
    network_policies.allow(world.snapshot(), "processor-influxdb")  # no policy selects it: everything may enter


@pytest.mark.parametrize(
    ("some", "words"),
    [
        (ALL_PORTS, "all ports"),
        (Ports(), ""),
        (Ports.of("TCP", 9092, 9092), "9092"),
        (Ports.of("TCP", 1, 1) | Ports.of("TCP", 3, 5) | Ports.of("TCP", 65_535, 65_535), "1, 3-5, 65535"),
        (Ports.of("UDP", 53, 53) | Ports.of("TCP", 53, 53), "53, 53 (UDP)"),
        (Ports.of("TCP"), "all ports (TCP)"),
        (ALL_PORTS - Ports.of("UDP"), "all ports (TCP), all ports (SCTP)"),
    ],
)
def test_ports_in_words(some: Ports, words: str) -> None:
    assert str(some) == words
