"""Which partitions stand still while the others are read, and which only wait for their turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from pipeline_services.judgements.brokers import only_processors_are_members, strangers
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.partitions import idle_processors, standing_still
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.faults import ready_since
from tests.judgements.known_bad.kafka import idle_processor, left_behind, put_back
from tests.judgements.world import World, healthy

Rows = dict[int, tuple[tuple[int, int], tuple[int, int]]]
READ: Final = ((100, 100), (120, 120))
"""Committed and end at two looks two seconds apart: ten readings a second, all of them read."""


def looked(rows: Rows) -> World:
    world = healthy()
    world.answers["kafka_lag"] = [
        {
            "at": world.now + 2 * look,
            "partitions": {str(n): {"committed": row[look][0], "end": row[look][1]} for n, row in rows.items()},
        }
        for look in (0, 1)
    ]
    return world


def test_partitions_in_which_nothing_is_committed_stand_still() -> None:
    found = looked({0: READ, 1: ((100, 700), (100, 720)), 2: READ})
    assert standing_still(found.snapshot()) == {1: 620}


@pytest.mark.parametrize(
    "rows",
    [
        {0: READ, 1: ((100, 200), (100, 220))},
        {0: READ, 1: ((100, 600), (120, 620))},
        {0: ((100, 900), (400, 920)), 1: ((100, 600), (100, 620))},
        {0: ((100, 900), (100, 920)), 1: ((100, 600), (100, 620))},
        {0: ((0, 0), (0, 0)), 1: ((100, 600), (100, 620))},
        {0: ((100, 100), (100, 100)), 1: ((100, 600), (100, 600))},
    ],
    ids=["a-rebalance", "it-moves", "its-turn-comes", "all-stand-still", "the-other-is-unused", "nothing-comes-in"],
)
def test_what_only_waits_does_not(rows: Rows) -> None:
    assert standing_still(looked(rows).snapshot()) == {}


def test_one_look_tells_nothing() -> None:
    world = looked({0: READ, 1: ((100, 700), (100, 720)), 2: READ})
    del world.answers["kafka_lag"][1:]
    assert standing_still(world.snapshot()) == {}


def test_a_member_that_is_gone_is_named_and_its_partitions_are_not_told_beside_it() -> None:
    world = healthy()
    left_behind(world)
    found = diagnose(world.snapshot())
    assert [one.cause.id for one in found.findings] == ["group-joined"]
    assert "10.244.0.200" in found.findings[0].summary
    assert {"test_consumer_group_stable", "test_processors_only"} <= found.red.keys()


def numbers_of_another_topic(world: World) -> None:
    """Who is not known reads another topic; its partitions have the same numbers."""
    mine, other = world.answers["kafka_group"]["members"]
    mine["partitions"] += other["partitions"]
    other["partitions"] = ["audit/0"]


def second_family(world: World) -> None:
    other = world.answers["kafka_group"]["members"][1]
    world.pods("processor")[0]["status"]["podIPs"] = [{"ip": "10.244.0.7"}, {"ip": other["host"]}]


@pytest.mark.parametrize("edit", [numbers_of_another_topic, second_family])
def test_who_may_be_a_processor_is_not_said_to_be_gone(edit: Callable[[World], None]) -> None:
    world = healthy()
    left_behind(world)
    world.pods("processor")[0]["status"]["podIP"] = "10.244.0.7"
    assert strangers(world.snapshot()) == {"a client that is gone, from 10.244.0.200,": 2}
    with pytest.raises(Deviation, match=r"is gone, .* holds 2 partitions, which nobody reads"):
        only_processors_are_members(world.snapshot())
    edit(world)
    assert strangers(world.snapshot()) == {}


def test_a_broker_outside_the_cluster_does_not_see_the_pods_addresses() -> None:
    world = healthy()
    left_behind(world)
    snapshot = world.snapshot()
    kafka = replace(snapshot.pipeline.components["kafka"], address="kafka.example.com:9093")
    outside = replace(snapshot.pipeline, components={**snapshot.pipeline.components, "kafka": kafka})
    assert strangers(snapshot) != {}
    assert strangers(replace(snapshot, pipeline=outside)) == {}


def test_partitions_that_a_processor_holds_and_does_not_read_are_its_own() -> None:
    world = healthy()
    left_behind(world)
    (mine, other) = world.answers["kafka_group"]["members"]
    mine["partitions"] += other["partitions"]
    del world.answers["kafka_group"]["members"][1]
    world.pods("processor")[0]["status"]["podIP"] = mine["host"]
    told = diagnose(world.snapshot()).findings
    assert [one.cause.id for one in told] == ["partitions-unread"]
    assert "the partitions 0, 1 are held and not read" in told[0].summary


def test_offsets_of_another_log_are_told() -> None:
    world = healthy()
    put_back(world)
    (told,) = diagnose(world.snapshot()).findings
    assert told.cause.id == "partitions-unread"
    assert "committed more of the partitions" in told.summary
    assert "test_consumer_group_stable" in diagnose(world.snapshot()).red
    for known in world.answers["kafka_lag"][-1]["partitions"].values():
        known["committed"] = known["end"]
    assert diagnose(world.snapshot()).healthy


@pytest.mark.parametrize(
    "change", ["just ready", "seen from behind NAT", "the broker is just back", "more than partitions"]
)
def test_a_processor_that_may_still_join_is_not_idle(change: str) -> None:
    world = healthy()
    idle_processor(world)
    assert len(idle_processors(world.snapshot())) == 1
    if change == "just ready":
        world.answers["pods"][-1]["status"]["conditions"][1]["lastTransitionTime"] = world.ago(20)
    elif change == "seen from behind NAT":
        world.answers["kafka_group"]["members"][0]["host"] = "172.18.0.2"
    elif change == "the broker is just back":
        ready_since(world, "kafka", 20)
    else:
        topics = replace(world.pipeline.topics, partitions=1)
        world.pipeline = replace(world.pipeline, topics=topics)
    assert idle_processors(world.snapshot()) == []
