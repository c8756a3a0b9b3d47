"""What is a difference between a manifest and the live object, and what the API server has only filled in."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.judgements.comparison import Difference, differences

PEERS = [{"podSelector": {"matchLabels": {"app": app}}} for app in ("grafana", "prometheus")]
ADDRESS = "PLAINTEXT://kafka-0.kafka-headless.conveyor-pipeline.svc.cluster.local"


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
        ({}, {"dnsPolicy": "None"}, "dnsPolicy is None, which is not declared"),
        ({}, {"clusterIP": "None"}, "clusterIP is None, which is not declared"),
        ({}, {"hostPort": 80}, "hostPort is 80, which is not declared"),
        ({"cpu": "90m"}, {}, "cpu is not set, declared: 90m"),
        (
            {},
            {"wait": [{"name": "hang", "command": ["sleep", "infinity"], "image": "apps"}]},
            "wait is [hang], which is not declared",
        ),
        (
            {"probe": {"httpGet": {"path": "/ready", "port": 8086}, "periodSeconds": 7}},
            {},
            "probe is not set, declared: {httpGet, periodSeconds}",
        ),
        ({"command": ["a", "b"]}, {"command": ["a", "c"]}, "command[1] is c, declared: b"),
        ({"command": ["a"]}, {"command": ["a", "b"]}, "command is [a, b], declared: [a]"),
        ({"command": ["a", "b", "c"]}, {"command": ["x", "b", "y"]}, "command is [..., x, y], declared: [..., a, c]"),
        ({"command": ["a", "b"]}, {"command": ["x", "y"]}, "command is [x, y], declared: [a, b]"),
        ({"args": ["a", "b"]}, {"args": ["b", "a"]}, "args is [b, a], declared: [a, b]"),
        ({"args": ["a", "b", "c"]}, {"args": ["a", "b"]}, "args is [...], declared: [..., c]"),
        (
            {"env": [{"name": "A", "value": "1"}]},
            {"env": [{"name": "A", "value": "2"}]},
            "env[A].value is 2, declared: 1",
        ),
        (
            {"env": [{"name": "A"}]},
            {"env": [{"name": "A"}, {"name": "C"}]},
            "env[C] is {name: C}, which is not declared",
        ),
        ({"from": PEERS}, {"from": PEERS[:1]}, "from is 1 entry, declared: 2 entries"),
        ({"readOnly": True}, {"readOnly": False}, "readOnly is False, declared: True"),
    ],
)
def test_what_differs_is_said_with_its_place(declared: Any, live: Any, said: str) -> None:
    assert [str(one) for one in differences(declared, live)] == [said]


def test_of_two_of_one_name_both_values_are_said_and_the_later_counts() -> None:
    twice = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
    assert [str(one) for one in differences({"env": twice[:1]}, {"env": twice})] == [
        "env[A] is set 2 times: 1, then 2 (the last counts), declared: once",
        "env[A].value is 2, declared: 1",
    ]


@pytest.mark.parametrize(
    ("live", "declared", "said"),
    [
        (
            f"advertised.listeners={ADDRESS}:9192",
            f"advertised.listeners={ADDRESS}:9092",
            "is advertised.listeners=...:9192, declared: ...:9092",
        ),
        (
            f"url: {ADDRESS}:9192/ready",
            f"url: {ADDRESS}:9092/ready",
            "is url: PLAINTEXT://...:9192/..., declared: ...:9092/...",
        ),
        (
            "localhost/conveyor/apps:next",
            "localhost/conveyor/apps:0.1.0-2f6b0c1d2e3f4a5b",
            "is localhost/conveyor/apps:next, declared: ...:0.1.0-2f6b0c1d2e3f4a5b",
        ),
        (f"{'a' * 50} x", f"{'b' * 50} x", f"is {'a' * 44}..., declared: {'b' * 44}..."),
        ("x" * 100, None, f"is {'x' * 44}..., which is not declared"),
    ],
)
def test_long_values_are_shown_where_they_differ(live: str, declared: str | None, said: str) -> None:
    assert str(Difference("a", live, declared)) == f"a {said}"
