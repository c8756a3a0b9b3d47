"""Since when a policy is wrong: that of the policy which is not as declared, and nothing where it is gone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.world import NOW, World, healthy


def closed(world: World) -> None:
    world.item("networkpolicies", "producer")["spec"]["egress"] = []


def gone(world: World) -> None:
    world.drop("networkpolicies", lambda policy: policy["metadata"]["name"] == "producer")


@pytest.mark.parametrize(("fault", "since"), [(closed, NOW - 600), (gone, None)])
def test_a_policy_that_is_as_declared_does_not_say_since_when(
    fault: Callable[[World], None], since: float | None
) -> None:
    world = healthy()
    fault(world)
    there = {policy["metadata"]["name"] for policy in world.answers["networkpolicies"]}
    world.answers["changes"] = [
        {"kind": "NetworkPolicy", "name": name, "manager": "kubectl", "fields": ["spec"], "time": world.ago(ago)}
        for name, ago in (("producer", 600), ("kafka", 60))
        if name in there
    ]
    first = diagnose(world.snapshot()).findings[0]
    assert (first.cause.id, first.since) == ("policy-blocks", since)
