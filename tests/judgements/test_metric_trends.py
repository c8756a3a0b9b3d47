"""Trends of key metrics: what heads for its level and what does not, and how much of a week is known."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.history import lives_for, looks
from pipeline_services.judgements.metric_trends import keeps_from_its_level, trend_points
from pipeline_services.model.errors import NoData
from pipeline_services.model.metrics.key_metrics import KEY_METRICS
from tests.judgements.world import World, reviewed

DAY = 86_400.0
MEMORY = KEY_METRICS["memory-usage"]
LAG = KEY_METRICS["consumer-lag"]


def remembered(shape: Callable[[float], float], *, days: float = 7, lives: float = 30 * DAY, steps: int = 168) -> World:
    """Kafka's memory use as a function of the part of the time that has passed, in a pipeline that lives that long."""
    world = reviewed(age=lives)
    start, step = world.now - days * DAY, days * DAY / steps
    points = [[start + number * step, shape(number / steps)] for number in range(steps + 1)]
    world.answers["metric_trends/memory-usage"]["kafka"] = points
    world.answers["history"] = []
    return world


def look(world: World, days_ago: float, readings: dict[str, float]) -> dict[str, object]:
    return {"at": world.now - days_ago * DAY, "kind": "daily", "readings": readings, "seen": []}


def looked(world: World, *days_ago: float, value: Callable[[float], float] = lambda _ago: 10.0) -> World:
    """Earlier runs that read the lag."""
    world.answers["history"] = [look(world, days, {"consumer-lag": value(days)}) for days in sorted(days_ago)[::-1]]
    return world


@pytest.mark.parametrize(
    "shape",
    [
        lambda part: 0.5,
        lambda part: 0.5 + 0.05 * part,
        lambda part: 0.8 - 0.3 * part,
        lambda part: 0.2 + 0.6 * (1 - math.exp(-9 * part)),
        lambda part: 0.6 + 0.2 * math.sin(20 * part),
        lambda part: 0.95,
    ],
    ids=["level", "slow", "falls", "levels off", "waves", "past it, and daily's business"],
)
def test_what_does_not_head_for_its_level(shape: Callable[[float], float]) -> None:
    keeps_from_its_level(remembered(shape).snapshot(), MEMORY, "kafka")


def test_what_heads_for_its_level_is_named_with_when_it_is_there() -> None:
    said = r"memory-usage 0\.4.* -> 0\.7.* in 7 days, at worst 0\.8.*; at that pace it is past its level in .* days"
    with pytest.raises(Deviation, match=said):
        keeps_from_its_level(remembered(lambda part: 0.4 + 0.4 * part).snapshot(), MEMORY, "kafka")


def test_a_rate_heads_for_its_level_downwards() -> None:
    world = remembered(lambda _part: 0.5)
    points = world.answers["metric_trends/producer-rate"][""] = []
    points += [[world.now - 7 * DAY + hour * 3600, 10 - 9 * hour / 168] for hour in range(169)]
    with pytest.raises(Deviation, match=r"producer-rate 9.* -> 1.* readings/s"):
        keeps_from_its_level(world.snapshot(), KEY_METRICS["producer-rate"])


def test_the_reading_says_how_much_of_the_time_it_was_past_its_level() -> None:
    trend = keeps_from_its_level(remembered(lambda part: 0.95 if 0.4 < part < 0.5 else 0.5).snapshot(), MEMORY, "kafka")
    assert trend.past == pytest.approx(0.1, abs=0.02)
    assert "at worst 0.95; past its level for 9" in str(trend)


@pytest.mark.parametrize(
    ("days", "lives", "why"),
    [
        (2, 30 * DAY, "2 days of history are known of the 7 days that this review looks back"),
        (0.5, DAY, r"12 h 0 min of history are known of the 24 h 0 min that this review looks back"),
        (0.1, 0.1 * DAY, r"2\.4 h are known; a trend takes 3"),
    ],
    ids=["forgot", "younger, and forgot", "too young"],
)
def test_less_than_is_looked_back_at_is_not_known(days: float, lives: float, why: str) -> None:
    with pytest.raises(NoData, match=why):
        keeps_from_its_level(remembered(lambda _part: 0.5, days=days, lives=lives).snapshot(), MEMORY, "kafka")


def test_a_start_up_heads_nowhere() -> None:
    rising = remembered(lambda part: 0.2 + 0.65 * part, days=0.04, lives=0.04 * DAY)
    with pytest.raises(NoData, match="a trend takes 3"):
        keeps_from_its_level(rising.snapshot(), MEMORY, "kafka")


def test_a_young_pipeline_is_judged_by_its_whole_life() -> None:
    world = remembered(lambda _part: 0.5, days=0.3, lives=0.3 * DAY)
    assert lives_for(world.snapshot()) == pytest.approx(0.3 * DAY, abs=1)
    keeps_from_its_level(world.snapshot(), MEMORY, "kafka")


def test_earlier_runs_stand_in_for_what_prometheus_forgot() -> None:
    world = remembered(lambda _part: 0.5, days=1)
    readings = [look(world, days, {"memory-usage/kafka": 0.4}) for days in (8, 6.8, 5, 3, 0.5)]
    world.answers["history"] = readings
    points = trend_points(world.snapshot(), MEMORY, "kafka")
    assert [value for _, value in points][:5] == [0.4, 0.4, 0.4, 0.5, 0.5]
    keeps_from_its_level(world.snapshot(), MEMORY, "kafka")
    del readings[2:4]
    with pytest.raises(NoData, match="a gap of 6 days in the 7 days"):
        keeps_from_its_level(world.snapshot(), MEMORY, "kafka")


def test_what_prometheus_never_knew_is_judged_by_a_run_a_day() -> None:
    world = looked(remembered(lambda _part: 0.5), 7, 6, 5, 4, 3, 2, 1, 0.1)
    assert "consumer-lag 10 -> 10 readings" in str(keeps_from_its_level(world.snapshot(), LAG))
    rising = looked(world, 7, 6, 5, 4, 3, 2, 1, 0.1, value=lambda ago: 4000 - 500 * ago)
    with pytest.raises(Deviation, match=r"consumer-lag 5.* -> 3.* readings"):
        keeps_from_its_level(rising.snapshot(), LAG)
    with pytest.raises(NoData, match="a pace takes values in 4"):
        keeps_from_its_level(looked(world, 6.9, 1).snapshot(), LAG)
    with pytest.raises(NoData, match="no earlier run has kept a reading of it"):
        keeps_from_its_level(looked(world).snapshot(), LAG)


def test_a_look_of_the_future_is_none() -> None:
    assert looks(looked(remembered(lambda _part: 0.5), -1).snapshot()) == []
