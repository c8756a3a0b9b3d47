"""Which of several findings is told first: what has to be put right before anything else can be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline_services.model import roles
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.faults import scale_to_0, warning
from tests.judgements.known_bad.kafka import stalled
from tests.judgements.world import World, healthy

Change = Callable[[World], object]


def cordoned(world: World) -> None:
    """Nobody may place a pod on the first node."""
    added = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": world.ago(60)}
    world.answers["nodes"][0]["spec"] |= {"unschedulable": True, "taints": [added]}


def one_of_two(world: World) -> None:
    """Another node takes pods as before."""
    cordoned(world)
    other = {"metadata": {"name": "other"}, "spec": {}, "status": world.answers["nodes"][0]["status"]}
    world.answers["nodes"].append(other)


def half_lost(world: World) -> None:
    """Half of the packets of the processor's pod are lost, so that it falls behind."""
    line = '{"level": "WARNING", "message": "kafka-service:9092: Connection timed out after 4000 ms"}'
    world.answers["logs/processor"][0]["lines"] = [f"{world.ago(ago)} {line}" for ago in (50, 30, 10)]
    stalled(world, "")


def hung(world: World) -> None:
    """The processor answers no probe, and nothing restarts it."""
    pod = world.pods(roles.PROCESSOR)[0]
    pod["status"]["conditions"][1] |= {"status": "False", "lastTransitionTime": world.ago(80)}
    pod["status"]["containerStatuses"][0] |= {"ready": False, "restartCount": 5}
    message = "Readiness probe failed: context deadline exceeded (Client.Timeout)"
    warning(world, "Pod", pod["metadata"]["name"], "Unhealthy", message)


def told(*changes: Change) -> list[str]:
    world = healthy()
    for change in changes:
        change(world)
    return [f"{one.component}: {one.cause.id}" for one in diagnose(world.snapshot()).findings]


@pytest.mark.parametrize("beside", [half_lost, hung])
def test_the_only_node_is_opened_before_what_needs_a_pod_there(beside: Change) -> None:
    first, *others = told(cordoned, beside)
    assert first == "node: node-cordoned"
    assert others


def test_half_of_the_packets_lost_are_told_as_such() -> None:
    assert told(half_lost)[0] == "network: connection-fails"


@pytest.mark.parametrize("beside", [half_lost, lambda world: scale_to_0(world, roles.KAFKA)])
def test_a_node_that_is_closed_while_another_takes_pods_holds_nothing_up(beside: Change) -> None:
    first, *_, last = told(one_of_two, beside)
    assert first != "node: node-cordoned"
    assert last == "node: node-cordoned"
