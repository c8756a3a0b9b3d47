"""What somebody set of the topic of the offsets is told with the command that takes it away."""

from __future__ import annotations

import pytest

from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.known_bad.kafka import offsets_set
from tests.judgements.world import healthy


@pytest.mark.parametrize(
    ("key", "value", "change", "undo"),
    [
        ("retention.ms", "60000", "--delete-config retention.ms", ""),
        ("cleanup.policy", "delete", "--add-config 'cleanup.policy=compact'", ""),
        ("segment.ms", "60000", "--delete-config segment.ms", "--add-config 'segment.ms=60000'"),
    ],
)
def test_it_is_told_with_what_corrects_it_and_no_undo_deletes_offsets(
    key: str, value: str, change: str, undo: str
) -> None:
    world = healthy()
    offsets_set(key, value)(world)
    (told,) = diagnose(world.snapshot()).findings
    assert (told.component, told.cause.id) == ("kafka", "topic-set-otherwise")
    assert "committed offsets may be deleted" in told.summary
    assert told.next[-1].endswith(f"--entity-name __consumer_offsets {change}")
    assert told.undo.endswith(undo) if undo else not told.undo


@pytest.mark.parametrize(
    ("settings", "undo"),
    [
        ({"log.retention.ms": "60000"}, ""),
        ({"log.retention.hours": "1", "log.segment.bytes": "1048576"}, "--add-config 'log.segment.bytes=1048576'"),
        ({"listener.name.internal.ssl.keystore.password": "None"}, ""),
        ({"num.io.threads": "16"}, "--add-config 'num.io.threads=16'"),
    ],
)
def test_no_undo_has_brokers_delete_readings_or_forget_a_password(settings: dict[str, str], undo: str) -> None:
    world = healthy()
    found = [{"broker": "", "key": key, "value": value} for key, value in settings.items()]
    world.answers["kafka_brokers"] = found
    (told,) = diagnose(world.snapshot()).findings
    assert told.cause.id == "broker-set-otherwise"
    assert told.undo.endswith(undo) if undo else not told.undo


def test_as_the_brokers_make_it_it_is_right() -> None:
    world = healthy()
    offsets_set("segment.bytes", "1048576")(world)
    assert diagnose(world.snapshot()).healthy


def test_a_topic_that_is_set_otherwise_says_what_that_does() -> None:
    world = healthy()
    world.answers["kafka_settings"]["sensor-readings"]["message.timestamp.before.max.ms"] = {"value": "1", "own": True}
    (told,) = diagnose(world.snapshot()).findings
    assert told.summary.endswith("the broker refuses readings that waited for it")


def test_an_autoscaler_that_may_not_change_replicas_is_no_missing_metric() -> None:
    world = healthy()
    able = world.item("hpas", "producer-hpa")["status"]["conditions"][0]
    able |= {"status": "False", "reason": "FailedUpdateScale", "message": "the webhook denied it"}
    able["lastTransitionTime"] = world.ago(300)
    (told,) = diagnose(world.snapshot()).findings
    assert (told.component, told.cause.id) == ("hpa", "autoscaler-wrong")
    assert "the webhook denied it" in told.summary
