"""New messages come into the topic: Kafka's own offsets say it, and a pause of seconds is no silence."""

from __future__ import annotations

import pytest

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.kafka import topic_grows
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData
from tests.judgements.faults import ready_since
from tests.judgements.silence import paused, silent
from tests.judgements.world import healthy


def test_a_topic_that_grows_is_well() -> None:
    topic_grows(healthy().snapshot())


def test_a_pause_between_two_looks_is_no_silence() -> None:
    world = healthy()
    paused(world)
    topic_grows(world.snapshot())


def test_without_prometheus_the_offsets_decide() -> None:
    world = healthy()
    silent(prometheus=False)(world)
    with pytest.raises(Deviation, match=r"no new message came into sensor-readings within 2\.1 s"):
        topic_grows(world.snapshot())


@pytest.mark.parametrize("samples", [0, 1])
def test_one_look_is_none(samples: int) -> None:
    world = healthy()
    world.answers["kafka_lag"] = world.answers["kafka_lag"][:samples]
    with pytest.raises(NoData, match="only once"):
        topic_grows(world.snapshot())


def test_a_broker_that_has_just_come_back_waits_for_its_clients() -> None:
    world = healthy()
    paused(world)
    ready_since(world, roles.KAFKA, 20)
    with pytest.raises(NoData, match="just become ready"):
        topic_grows(world.snapshot())
