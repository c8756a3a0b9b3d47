"""What comes again and again: new or known, over how long, and not what was broken on purpose."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.recurring import (
    EVENTS,
    LOGS,
    kinds,
    no_new_error_recurs,
    no_new_warning_recurs,
    seen_now,
)
from pipeline_services.model.errors import NoData
from tests.judgements.faults import warning
from tests.judgements.world import World, reviewed

HOUR, DAY = 3_600.0, 86_400.0
TEXT = "MountVolume.SetUp failed for volume 7: no such disk"


def seen(world: World, *hours_ago: float, source: str = EVENTS, sample: str = f"Pod FailedMount: {TEXT}") -> Any:
    times = sorted(round(world.now - ago * HOUR) for ago in hours_ago)
    return {"source": source, "component": "kafka", "sample": sample, "times": times, "count": len(times)}


def kept(world: World, days_ago: float, *what: Any, kind: str = "daily") -> None:
    """A line of the history."""
    line = {"at": world.now - days_ago * DAY, "kind": kind, "readings": {}, "seen": list(what)}
    world.answers["history"] = sorted([*world.answers["history"], line], key=lambda one: one["at"])


def old(lives: float = 30 * DAY) -> World:
    """A pipeline that lives that long, looked at once a day."""
    world = reviewed(age=lives)
    world.answers["history"] = []
    for day in (7, 6, 5, 4, 3, 2, 1):
        kept(world, day)
    return world


def event(world: World, *, first: float, count: int = 9) -> None:
    warning(world, "Pod", "kafka-0", "FailedMount", TEXT)
    world.answers["events"][-1] |= {"count": count, "firstTimestamp": world.ago(first)}


def test_a_new_kind_that_recurs_is_named_with_its_count_and_times() -> None:
    world = old()
    event(world, first=2 * HOUR)
    said = r"new: Pod FailedMount: MountVolume.* \(9 times, .* UTC to .* UTC\); expected no new recurring"
    with pytest.raises(Deviation, match=said):
        no_new_warning_recurs(world.snapshot(), "kafka")
    assert no_new_warning_recurs(world.snapshot(), "influxdb") == []


@pytest.mark.parametrize(("first", "count"), [(600, 40), (2 * HOUR, 2)], ids=["all at once", "twice"])
def test_what_does_not_recur(first: float, count: int) -> None:
    world = old()
    event(world, first=first, count=count)
    assert no_new_warning_recurs(world.snapshot(), "kafka") == []


def test_what_the_last_review_saw_is_not_new_and_still_said() -> None:
    world = old()
    event(world, first=2 * HOUR)
    kept(world, 7.1, seen(world, 200), kind="weekly")
    [kind] = no_new_warning_recurs(world.snapshot(), "kafka")
    assert str(kind).startswith("Pod FailedMount")


def test_what_one_run_a_day_saw_once_each_recurs() -> None:
    world = old()
    for day in (3, 2, 1):
        kept(world, day, seen(world, day * 24))
    with pytest.raises(Deviation, match=r"3 times"):
        no_new_warning_recurs(world.snapshot(), "kafka")


def test_the_new_ones_come_first() -> None:
    world = old()
    event(world, first=2 * HOUR)
    kept(world, 7.1, seen(world, 200), kind="weekly")
    kept(world, 5, seen(world, 125, 122, 121, sample="Pod BackOff: again"))
    assert [kind.new for kind in kinds(world.snapshot(), EVENTS)] == [True, False]


def test_what_was_broken_on_purpose_is_not_complained_of() -> None:
    world = old()
    event(world, first=2 * HOUR)
    broken = {"at": world.now - 3 * HOUR, "until": world.now, "kind": "chaos", "readings": {}, "seen": []}
    world.answers["history"].append(broken)
    assert kinds(world.snapshot(), EVENTS) == []


def test_errors_of_a_week_are_those_of_loki_and_of_earlier_runs() -> None:
    world = old()
    world.answers["loki/loud"]["kinds"] = [
        {"component": "kafka", "sample": "ERROR disk 4 is gone", "times": [round(world.now - 60)], "count": 1},
        {"component": "kafka", "sample": "INFO no error here", "times": [1, 5000, 9000], "count": 3},
        {"component": "shop", "sample": "ERROR of another", "times": [1, 5000, 9000], "count": 3},
    ]
    kept(world, 2, seen(world, 50, 49, source=LOGS, sample="ERROR disk 3 is gone"))
    with pytest.raises(Deviation, match=r"disk . is gone \(3 times"):
        no_new_error_recurs(world.snapshot(), "kafka")


def test_known_issues_may_recur() -> None:
    world = old()
    sample = "ERROR OutOfOrderSequenceException"
    kind = {"component": "kafka", "sample": sample, "times": [round(world.now) - ago for ago in (9000, 60)], "count": 9}
    world.answers["loki/loud"]["kinds"] = [kind]
    assert no_new_error_recurs(world.snapshot(), "kafka") == []


RACE = "FailedToUpdateEndpoint: the object has been modified; please apply your changes to the latest version"


@pytest.mark.parametrize(
    ("reason", "message", "recurs"),
    [
        (*RACE.split(": ", 1), False),
        ("Unhealthy", "Startup probe failed: connection refused", False),
        ("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", True),
        ("Unhealthy", "Liveness probe failed: command timed out", True),
    ],
)
def test_an_event_that_is_no_fault_may_recur_but_a_probe_that_fails_each_day(
    reason: str, message: str, recurs: bool
) -> None:
    world = old()
    warning(world, "Pod", "kafka-0", reason, message)
    world.answers["events"][-1] |= {"count": 9, "firstTimestamp": world.ago(2 * HOUR)}
    found = [kind for kind in kinds(world.snapshot(), EVENTS) if kind.component == "kafka" and kind.recurs]
    assert bool(found) is recurs


def test_a_week_that_nobody_looked_at_is_not_known() -> None:
    world = old()
    world.answers["history"] = []
    with pytest.raises(NoData, match=r"1\.0 h are known"):
        no_new_warning_recurs(world.snapshot(), "kafka")
    with pytest.raises(NoData, match="12 h 0 min of history are known of the 7 days"):
        no_new_error_recurs(world.snapshot(), "kafka")
    kept(world, 6.9)
    with pytest.raises(NoData, match="a gap of 7 days in the 7 days"):
        no_new_warning_recurs(world.snapshot(), "kafka")


def test_a_run_keeps_what_it_saw() -> None:
    world = old()
    event(world, first=2 * HOUR)
    tail = {"pod": "kafka-0", "lines": [f"{world.ago(9)} ERROR a", f"{world.ago(5)} INFO b", "not a line of a log"]}
    world.answers["logs/kafka"] = [tail]
    warned, logged = seen_now(world.snapshot())
    assert (warned["source"], warned["count"], len(warned["times"])) == (EVENTS, 9, 2)
    assert (logged["source"], logged["sample"], logged["times"]) == (LOGS, "ERROR a", [round(world.now - 9)])
