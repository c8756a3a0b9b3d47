"""What is a difference between a manifest and the live object, and what the API server has only filled in."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.judgements.comparison import Difference, differences

PEERS = [{"podSelector": {"matchLabels": {"app": app}}} for app in ("grafana", "prometheus")]
ONE = "[{podSelector: {matchLabels: {app: grafana}}}]"
TOLD = f"{ONE[:-1]}, {{podSelector: {{matchLabels: {{app: prometheus}}}}}}]"


@pytest.mark.parametrize(
    ("declared", "live"),
    [
        ({"cpu": "0.5"}, {"cpu": "500m"}),
        ({"replicas": 1}, {"replicas": "1"}),
        ({}, {"dnsPolicy": "ClusterFirst", "securityContext": {}, "restartPolicy": "Always"}),
        ({"ports": [{"containerPort": 80}]}, {"ports": [{"containerPort": 80, "protocol": "TCP"}]}),
        ({"env": [{"name": "A", "value": "1"}, {"name": "B"}]}, {"env": [{"name": "B"}, {"name": "A", "value": "1"}]}),
        ({"from": PEERS}, {"from": PEERS[::-1]}),
        ({"volumes": None}, {}),
        ({}, {"clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.7"]}),
        ({"clusterIP": "None"}, {"clusterIP": "None", "clusterIPs": ["None"]}),
    ],
)
def test_what_is_the_same(declared: Any, live: Any) -> None:
    assert list(differences(declared, live)) == []


@pytest.mark.parametrize(
    ("declared", "live", "said"),
    [
        ({}, {"dnsPolicy": "None"}, "dnsPolicy is None, declared: nothing"),
        ({}, {"clusterIP": "None"}, "clusterIP is None, declared: nothing"),
        ({}, {"hostPort": 80}, "hostPort is 80, declared: nothing"),
        ({"cpu": "90m"}, {}, "cpu is nothing, declared: 90m"),
        ({"command": ["a", "b"]}, {"command": ["a", "c"]}, "command[1] is c, declared: b"),
        ({"command": ["a"]}, {"command": ["a", "b"]}, "command is [a, b], declared: [a]"),
        (
            {"env": [{"name": "A", "value": "1"}]},
            {"env": [{"name": "A", "value": "2"}]},
            "env[A].value is 2, declared: 1",
        ),
        ({"env": [{"name": "A"}]}, {"env": [{"name": "A"}, {"name": "C"}]}, "env[C] is {name: C}, declared: nothing"),
        ({"from": PEERS}, {"from": PEERS[:1]}, f"from is {ONE}, declared: {TOLD[:80]}..."),
        ({"readOnly": True}, {"readOnly": False}, "readOnly is False, declared: True"),
    ],
)
def test_what_differs_is_said_with_its_place(declared: Any, live: Any, said: str) -> None:
    assert [str(one) for one in differences(declared, live)] == [said]


def test_of_two_of_one_name_both_values_are_said_and_the_later_counts() -> None:
    twice = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
    assert [str(one) for one in differences({"env": twice[:1]}, {"env": twice})] == [
        "env[A] is set 2 times: 1, then 2 (which counts), declared: once",
        "env[A].value is 2, declared: 1",
    ]


def test_long_values_are_shown_from_where_they_differ() -> None:
    address = "advertised.listeners=PLAINTEXT://kafka-0.kafka-headless.conveyor-pipeline.svc.cluster.local"
    told = str(Difference("server.properties, line 7,", f"{address}:9192", f"{address}:9092"))
    same = "advertised.listeners=PLAINTEXT..."
    assert told == f"server.properties, line 7, is {same}:9192, declared: {same}:9092"
    assert str(Difference("a", "x" * 100, None)) == f"a is {'x' * 80}..., declared: nothing"
