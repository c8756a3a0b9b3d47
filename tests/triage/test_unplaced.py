"""Why a pod is not placed, or has no network where it is: in the scheduler's and the kubelet's own words."""

from __future__ import annotations

import pytest

from pipeline_services.model import roles
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.faults import warning
from tests.judgements.world import World, healthy
from tests.triage.test_rules import pending


def unconnected(world: World) -> None:
    pod = world.pods(roles.GRAFANA)[0]
    pod["metadata"]["creationTimestamp"] = world.ago(90)
    placed = {"type": "PodScheduled", "status": "True", "lastTransitionTime": world.ago(90)}
    pod["status"] = {"phase": "Pending", "conditions": [placed]}
    message = 'Failed to create pod sandbox: plugin type="bridge" failed (add): no IP addresses available in range set'
    warning(world, "Pod", pod["metadata"]["name"], "FailedCreatePodSandBox", message)


def test_a_pod_that_its_node_cannot_connect_is_the_network_plugins() -> None:
    world = healthy()
    unconnected(world)
    first = diagnose(world.snapshot()).findings[0]
    assert (first.component, first.cause.id) == ("network", "pod-without-network")
    assert first.summary.endswith("(add): no IP addresses available in range set")


@pytest.mark.parametrize(
    ("message", "cause", "said"),
    [
        (
            "1 node(s) didn't match Pod's node affinity/selector. preemption: x",
            "placement-impossible",
            "affinity/selector",
        ),
        (
            "1 node(s) didn't match pod topology spread constraints (missing required label).",
            "placement-impossible",
            "(missing required label)",
        ),
        ("1 node(s) didn't match pod affinity rules.", "placement-impossible", "didn't match pod affinity rules"),
        ("1 node(s) didn't match pod anti-affinity rules.", "placement-impossible", "pod anti-affinity rules"),
        ("1 node(s) were unheard of.", "placement-impossible", "no node matches processor: node(s) were unheard of"),
        (
            "1 node(s) didn't have free ports for the requested pod ports.",
            "placement-impossible",
            "another pod has the port of the node",
        ),
        (
            "1 node(s) had volume node affinity conflict.",
            "volume-unbound",
            "where none of the nodes that take pods can reach it",
        ),
    ],
)
def test_a_pod_that_no_node_takes_is_told_with_the_schedulers_reason(message: str, cause: str, said: str) -> None:
    world = healthy()
    pending(world, f"0/1 nodes are available: {message}")
    first = diagnose(world.snapshot()).findings[0]
    assert first.cause.id == cause
    assert said in first.summary


def test_a_pod_that_was_pushed_away_is_told_to_have_been() -> None:
    world = healthy()
    pending(world, "0/1 nodes are available: 1 Insufficient cpu.")
    assert "higher priority" not in diagnose(world.snapshot()).findings[0].summary
    warning(world, "Pod", "processor-7c9d8f6b5-gone1", "Preempted", "Preempted by pod 8d1e on node one")
    first = diagnose(world.snapshot()).findings[0]
    assert first.cause.id == "node-full"
    assert "pods of higher priority have pushed its own away" in first.summary
    assert any("priorityclasses" in step for step in first.next)


@pytest.mark.parametrize(
    ("age", "message"), [(20, "network"), (90, 'no runtime for "gvisor" is configured')], ids=["young", "of-a-runtime"]
)
def test_a_pod_is_not_without_network_for_another_reason(age: float, message: str) -> None:
    world = healthy()
    unconnected(world)
    world.pods(roles.GRAFANA)[0]["metadata"]["creationTimestamp"] = world.ago(age)
    world.answers["events"][-1]["message"] = f"Failed to create pod sandbox: {message}"
    assert all(one.cause.id != "pod-without-network" for one in diagnose(world.snapshot()).findings)
