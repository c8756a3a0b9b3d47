"""What InfluxDB rejects is told in its own words."""

from __future__ import annotations

from pipeline_services.model.processor_log import NOT_DELIVERED
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.world import World, healthy


def rejecting(world: World, *said: str) -> None:
    """Writes fail, and the processor has logged why."""
    world.answers["prometheus/write-failures"][0]["value"] = [world.now, "0.5"]
    line = '{{"level": "ERROR", "logger": "processor", "message": "{0} (unexpected): {1}"}}'
    world.answers["logs/processor"][0]["lines"] = [f"{world.ago(4)} {line.format(NOT_DELIVERED, one)}" for one in said]


def test_the_first_line_says_what_is_wrong_with_the_readings() -> None:
    world = healthy()
    rejecting(world, "HTTP 422: field type conflict: value is type string, already exists as type float")
    first = diagnose(world.snapshot()).findings[0]
    assert first.cause.id == "writes-fail"
    assert "field type conflict: value is type string" in first.summary


def test_where_nothing_is_logged_it_says_what_was_measured() -> None:
    world = healthy()
    rejecting(world)
    first = diagnose(world.snapshot()).findings[0]
    assert first.cause.id == "writes-fail"
    assert "write-failures is 0.5" in first.summary
