"""What InfluxDB rejects is told in its own words."""

from __future__ import annotations

import pytest

from pipeline_services.model.processor_log import NOT_DELIVERED
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.faults import only_pod_unready, warning
from tests.judgements.known_bad.kafka import stalled
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


def held_up(world: World, reason: str, *said: str) -> None:
    """The processor delivers nothing, and so is not ready; its backlog grows."""
    line = '{{"level": "WARNING", "logger": "processor", "message": "{0} ({1}): {2}"}}'
    logged = [line.format(NOT_DELIVERED, reason, one) for one in said]
    world.answers["logs/processor"][0]["lines"] = [f"{world.ago(30 - 20 * at)} {one}" for at, one in enumerate(logged)]
    world.answers["prometheus/processor-matches-producer"][0]["value"] = [world.now, "0.01"]
    world.answers["influxdb_newest"] = {"time": world.now - 100, "points_1m": 0}
    stalled(world, "")
    pod = only_pod_unready(world, "processor")["metadata"]["name"]
    warning(world, "Pod", pod, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("busy", "HTTP 503: engine: cache-max-memory-size exceeded"),
        ("server-error", "HTTP 500: internal error"),
        ("unexpected", "HTTP 413: request too large"),
    ],
)
def test_what_influxdb_answers_is_the_cause_and_not_the_processor_that_waits(reason: str, said: str) -> None:
    world = healthy()
    held_up(world, reason, said, said)
    first, *others = diagnose(world.snapshot()).findings
    assert (first.component, first.cause.id) == ("influxdb", "writes-fail")
    assert said in first.summary
    assert not others


TOLD = "HTTPSConnection(host='influxdb-service', port=8086): "
LATE = f"ReadTimeoutError: {TOLD}Read timed out. (read timeout=10.0)"
CUT = f"ConnectTimeoutError: {TOLD}Connection to influxdb-service timed out. (connect timeout=5.0)"
RESET = f"ProtocolError: {TOLD}Connection reset by peer"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((LATE, LATE), ("influxdb", "writes-fail")),
        ((LATE, CUT), ("network", "connection-fails")),
        ((RESET, RESET), ("network", "connection-fails")),
    ],
    ids=["late", "cut", "reset"],
)
def test_an_answer_that_comes_late_is_no_connection_that_fails(
    said: tuple[str, str], expected: tuple[str, str]
) -> None:
    world = healthy()
    held_up(world, "unreachable", *said)
    first, *others = diagnose(world.snapshot()).findings
    assert (first.component, first.cause.id) == expected
    assert not others


@pytest.mark.parametrize(
    ("missing", "renamed"),
    [('organization name \\"conveyor\\" not found', True), ('bucket \\"sensor-data\\" not found', False)],
)
def test_nobody_is_told_to_rename_the_organisation_of_others_that_has_a_bucket_of_that_name(
    missing: str, renamed: bool
) -> None:
    world = healthy()
    world.answers["influxdb_write"] = {"status": 404, "missing": f'{{"code":"not found","message":"{missing}"}}'}
    found = diagnose(world.snapshot())
    assert any(one.cause.id == "organisation-renamed" for one in found.findings) is renamed
    assert not found.healthy


@pytest.mark.parametrize(("kept", "has_undo"), [(3_600, False), (0, True)])
def test_no_undo_has_influxdb_delete_readings(kept: int, has_undo: bool) -> None:
    world = healthy()
    world.answers["influxdb_bucket"] = {**world.answers["influxdb_bucket"], "retention_s": kept}
    (told,) = diagnose(world.snapshot()).findings
    assert told.cause.id == "bucket-set-otherwise"
    assert told.next[-1].endswith("--retention 1209600s'")
    assert bool(told.undo) is has_undo
