"""A rebalance that is over in seconds heals; one that never ends is told as that, and with what ends it."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.model import roles
from pipeline_services.triage.diagnosis import diagnose
from pipeline_services.triage.model import Finding
from tests.judgements.world import World, healthy


def moving(stored: float, *, state: str = "PreparingRebalance", ready: float = 3_600.0) -> World:
    """The group moves, and no reading has been stored for so many seconds; the processors are ready for so many."""
    world = healthy()
    members: list[dict[str, Any]] = world.answers["kafka_group"]["members"]
    world.answers["kafka_group"] = {"state": state, "members": [{**one, "partitions": []} for one in members]}
    first, last = world.answers["kafka_lag"]
    for number, before in first["partitions"].items():
        before |= {"committed": 1_000, "end": 4_000}
        last["partitions"][number] |= {"committed": 1_000, "end": 4_020}
    world.answers["influxdb_newest"]["time"] = world.now - stored
    for pod in world.pods(roles.PROCESSOR):
        for each in pod["status"]["conditions"]:
            each["lastTransitionTime"] = world.ago(ready)
    return world


def found(world: World) -> Finding:
    [only] = [one for one in diagnose(world.snapshot()).findings if one.component == roles.PROCESSOR]
    return only


@pytest.mark.parametrize("state", ["PreparingRebalance", "CompletingRebalance"])
def test_a_group_that_does_not_finish_gets_new_processors_and_not_more_of_them(state: str) -> None:
    told = found(moving(900.0, state=state))
    assert (told.cause.id, told.cause.escalation.name) == ("partitions-unread", "L2")
    assert "does not finish rebalancing: no reading has been stored for 15 min" in told.summary
    assert told.next[-1].endswith("delete pods -n conveyor-pipeline -l app=processor")
    assert not any(" scale " in step for step in told.next)
    assert not told.self_healing


@pytest.mark.parametrize(
    "world", [moving(20.0), moving(50.0, ready=40.0)], ids=["stored lately", "processors have just started"]
)
def test_a_group_that_moves_for_seconds_is_left_alone(world: World) -> None:
    told = found(world)
    assert (told.cause.id, told.self_healing, told.mends) == ("rebalancing", True, False)


def test_what_was_not_stored_before_the_processors_started_does_not_count() -> None:
    assert found(moving(900.0, ready=40.0)).cause.id != "partitions-unread"
