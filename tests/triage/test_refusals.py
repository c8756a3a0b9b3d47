"""A broker that refuses records for a setting that is not as declared: that setting is the one cause."""

from __future__ import annotations

import pytest

from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.known_bad.kafka import topic_setting
from tests.judgements.world import World, healthy
from tests.triage.made import only_finding

TOPIC = "sensor-readings"


def refused(world: World, error: str) -> World:
    line = f'{{"level": "ERROR", "message": "dropping the Kafka producer: {error}: [Error 19]"}}'
    world.answers["logs/producer"][0]["lines"].append(f"{world.ago(3)} {line}")
    return world


@pytest.mark.parametrize(
    ("key", "value", "error"),
    [
        ("min.insync.replicas", "2", "NotEnoughReplicasError"),
        ("max.message.bytes", "100", "MessageSizeTooLargeError"),
        ("message.timestamp.type", "LogAppendTime", "InvalidTimestampError"),
    ],
)
def test_the_topics_setting_is_the_one_cause_and_is_put_back(key: str, value: str, error: str) -> None:
    world = refused(healthy(), error)
    topic_setting(key, value)(world, TOPIC)
    found = only_finding(world)
    assert found.cause.id == "topic-set-otherwise"
    assert "producer" in found.affects
    assert any(error in line for line in found.evidence)


def test_a_setting_of_the_brokers_is_the_one_cause() -> None:
    world = refused(healthy(), "MessageSizeTooLargeError")
    world.answers["kafka_brokers"] = [{"broker": "", "key": "message.max.bytes", "value": "100"}]
    found = only_finding(world)
    assert (found.cause.id, "producer" in found.affects) == ("broker-set-otherwise", True)


def test_a_setting_that_refuses_nothing_explains_no_refusal() -> None:
    world = refused(healthy(), "TopicAuthorizationFailedError")
    topic_setting("retention.ms", "300000")(world, TOPIC)
    assert {one.cause.id for one in diagnose(world.snapshot()).findings} == {"records-refused", "topic-set-otherwise"}
