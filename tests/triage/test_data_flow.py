"""What of the flow of readings is the cause: told from which checks failed, how the lag moved, and what was stored."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.checklist import checks
from pipeline_services.checklist.model import Case, Check
from pipeline_services.checklist.run import FAILED, CheckResult
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.causes.data_flow import STEADY_FOR, findings
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.subjects import CAUSES
from tests.triage.made import AT, PIPELINE, lag, pod

READY = {"type": "Ready", "status": "True"}
GROWS, STANDS, FALLS = (0, 1_100), (100, 1_100), (120, 1_100)
"""What the group has read of what is there, after a look at which it had read none of 1,000 readings."""
KEEPS_UP = (1_100, 1_100)


def seen(*failed: Check | str, moved: tuple[int, int] | None = None, **answers: Any) -> list[str]:
    """The causes that are found where these checks, or key metrics, failed."""
    ids = [checks.KEY_METRIC.of(one) if isinstance(one, str) else one.of() for one in failed]
    results = {str(one): CheckResult(Case(one, "", frozenset(), ()), FAILED, str(one)) for one in ids}
    known = {"kafka_lag": [lag(AT - 10, (0, 1_000)), lag(AT, moved)]} if moved else {}
    snapshot = Snapshot(AT, "", PIPELINE.namespace, {**known, **answers}, pipeline=PIPELINE)
    return [one.cause.id for one in findings(Evidence(snapshot, results, causes=CAUSES))]


def scaling(now: int | None, partitions: int = 6, most: int = 5) -> tuple[list[str], str]:
    """To how many processors the steps scale where so many are asked for, and to how many the undo does."""
    deployment = {"metadata": {"name": "processor"}, "spec": {"replicas": now}}
    hpa = {"metadata": {"name": "processor-hpa"}, "spec": {"maxReplicas": most}}
    answers = {
        "deployments": [] if now is None else [deployment],
        "hpas": [hpa],
        "kafka_topics": {PIPELINE.topics.readings: [{}] * partitions},
    }
    growth = checks.KEY_METRIC.of("consumer-lag-growth")
    results = {str(growth): CheckResult(Case(growth, "", frozenset(), ()), FAILED, "it grows")}
    snapshot = Snapshot(AT, "", PIPELINE.namespace, answers, pipeline=PIPELINE)
    [found] = findings(Evidence(snapshot, results, causes=CAUSES))
    assert len(found.next) > 1
    numbers = [step.partition("--replicas=")[2] for step in found.next if " scale " in step]
    return numbers, found.undo.partition("--replicas=")[2]


def stored(of_looks: int, rate: float, before: float = 0.0) -> dict[str, Any]:
    """The producer makes 10 readings/s; in the last looks so many of them were stored, ``before`` that others."""
    times = [AT - 15.0 * number for number in reversed(range(20))]
    writes = [before] * (20 - of_looks) + [rate] * of_looks
    return {
        "producer-rate": [[at, 10.0] for at in times],
        "influxdb-writes": list(map(list, zip(times, writes, strict=True))),
    }


@pytest.mark.parametrize(
    ("failed", "moved", "causes"),
    [
        (("consumer-lag-growth",), GROWS, ["processing-too-slow"]),
        (("consumer-lag-growth", "consumer-lag"), FALLS, ["processing-too-slow"]),
        (("processor-matches-producer",), GROWS, ["processing-too-slow"]),
        (("processor-matches-producer",), None, ["processing-too-slow"]),
        (("processor-matches-producer",), FALLS, ["backlog-draining"]),
        (("consumer-lag",), STANDS, ["backlog-draining"]),
        (("stored-reading-age",), FALLS, ["backlog-draining"]),
        (("end-to-end-latency",), FALLS, ["backlog-draining"]),
        (("consumer-lag",), GROWS, []),
        (("consumer-lag",), None, []),
        ((), FALLS, []),
    ],
)
def test_a_backlog_drains_only_where_its_lag_is_known_to_fall(
    failed: tuple[str, ...], moved: tuple[int, int] | None, causes: list[str]
) -> None:
    assert seen(*failed, moved=moved) == causes


@pytest.mark.parametrize("looks", [[], [lag(AT, (0, 100))], [lag(AT, (0, 100)), lag(AT, (0, 100))]])
def test_a_lag_that_was_not_sampled_twice_says_nothing(looks: list[Any]) -> None:
    assert seen("end-to-end-latency", kafka_lag=looks) == []
    assert seen("consumer-lag-growth", kafka_lag=looks) == ["processing-too-slow"]


STEADY = int(STEADY_FOR / 15)


@pytest.mark.parametrize(
    ("moved", "looks", "rate", "clock"),
    [
        (KEEPS_UP, STEADY, 10.0, True),
        (KEEPS_UP, STEADY, 5.0, True),
        (KEEPS_UP, STEADY, 4.9, False),
        (KEEPS_UP, STEADY, 0.0, False),
        (KEEPS_UP, STEADY - 1, 10.0, False),
        (FALLS, STEADY, 10.0, False),
    ],
)
def test_readings_are_of_a_clock_behind_only_where_they_were_stored_at_once_for_minutes(
    moved: tuple[int, int], looks: int, rate: float, clock: bool
) -> None:
    found = seen("end-to-end-latency", moved=moved, onset=stored(looks, rate))
    assert found == (["data-clock-wrong"] if clock else ["backlog-draining"])


def test_without_a_history_no_clock_is_blamed() -> None:
    assert seen("end-to-end-latency", moved=KEEPS_UP) == ["backlog-draining"]
    few = {name: points[-STEADY + 1 :] for name, points in stored(STEADY, 10.0).items()}
    assert seen("end-to-end-latency", moved=KEEPS_UP, onset=few) == ["backlog-draining"]


def test_each_check_of_the_readings_has_its_cause() -> None:
    assert seen(checks.DATA_CLOCK) == ["data-clock-wrong"]
    assert seen(checks.PROCESSORS_ONLY) == ["group-joined"]
    assert seen("dead-letters") == ["poison-messages"]


@pytest.mark.parametrize("failed", ["producer-rate", "unacknowledged-age", checks.TOPIC_GROWS])
def test_a_producer_is_idle_only_while_it_is_ready(failed: Check | str) -> None:
    ready = pod("producer-1", "producer", phase="Running", conditions=[READY])
    assert seen(failed, pods=[ready]) == ["producer-idle"]
    assert seen(failed, pods=[pod("producer-1", "producer", phase="Running")]) == []


@pytest.mark.parametrize(("now", "more"), [(1, "3"), (2, "4"), (3, "5"), (4, "5")])
def test_more_processors_are_asked_for_and_taken_back_to_as_many_as_there_are(now: int, more: str) -> None:
    assert scaling(now) == ([more], str(now))


@pytest.mark.parametrize(("now", "partitions", "most"), [(5, 6, 5), (6, 6, 5), (6, 6, 9), (3, 3, 5), (None, 6, 5)])
def test_processors_that_would_not_help_are_not_asked_for(now: int | None, partitions: int, most: int) -> None:
    assert scaling(now, partitions, most) == ([], "")
