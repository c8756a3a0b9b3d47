"""Section 5's weekly review of the trends: does a key metric head for its level? Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.growth import DAY_S, growth, range_of
from pipeline_services.judgements.history import DAILY, KNOWN_FOR, WEEK, filled_in, reading_key, require_covered
from pipeline_services.judgements.upkeep import ANCHOR
from pipeline_services.model.errors import NoData
from pipeline_services.model.metrics.metric import KeyMetric, Reading
from pipeline_services.model.text import duration
from pipeline_services.snapshot.snapshot import Snapshot

ENDS: Final = 24
"""The first and the last of so many parts of the time say where a trend begins and ends."""
LEAST_LOOKS: Final = 4
"""Points of the newer half: one a day gives that many in a week."""


@dataclass(frozen=True, slots=True)
class MetricTrend:
    """How a metric went.

    Attributes:
        points: (epoch seconds, value), the oldest first.
        first, last, worst: values, in the metric's unit.
        past: the share of the points that were past the fail level.
    """

    metric: KeyMetric
    points: Sequence[Sequence[float]]
    first: float
    last: float
    worst: float
    past: float

    @property
    def seconds(self) -> float:
        """From the first point to the last."""
        return self.points[-1][0] - self.points[0][0]

    def __str__(self) -> str:
        past = f"; past its level for {self.past:.1%} of the time" if self.past else ""
        return (
            f"{self.metric.id} {self.first:.3g} -> {self.last:.3g} {self.metric.unit} in {duration(self.seconds)},"
            f" at worst {self.worst:.3g}{past}"
        )


def keeps_from_its_level(snapshot: Snapshot, metric: KeyMetric, subject: str = "") -> MetricTrend:
    """The metric does not head for its level: at its pace it is not past it before the next review.

    It heads there where its pace over all that is known, and over the newer half alone, leaves no other time within
    what the 95 % of both allow. Nothing is said of longer than what is known.

    Raises:
        Deviation: it does.
        NoData: less is known than a review looks back at, or too little for a pace.
    """
    points = trend_points(snapshot, metric, subject)
    trend = _trend(metric, points)
    if trend.seconds < KNOWN_FOR:
        raise NoData(f"{trend.seconds / 3600:.1f} h are known; a trend takes {KNOWN_FOR / 3600:g}")
    soon, late = _days_until_level(trend)
    horizon = min(WEEK, trend.seconds) / DAY_S
    if late < horizon:
        advice = metric.advice.but(runbook=ANCHOR)
        observed = f"{trend}; at that pace it is past its level in {range_of((soon, late))}"
        raise Deviation(snapshot, observed, f"{metric.threshold()} until the next review", advice)
    require_covered(snapshot, [at for at, _ in points])
    return trend


def trend_points(snapshot: Snapshot, metric: KeyMetric, subject: str = "") -> list[Sequence[float]]:
    """What Prometheus remembers of a metric; before that, or where it never knew, what earlier runs read.

    Raises:
        NoData: nothing is known.
    """
    known: list[Sequence[float]] = []
    if metric.tool == "prometheus":
        known = snapshot.data(f"metric_trends/{metric.id}").get(subject, [])
    points = filled_in(snapshot, known, reading_key(metric.id, subject))
    if not points:
        raise NoData("no earlier run has kept a reading of it, and Prometheus has none", next_step=DAILY)
    return points


def _trend(metric: KeyMetric, points: Sequence[Sequence[float]]) -> MetricTrend:
    start, span = points[0][0], points[-1][0] - points[0][0]
    first = [value for at, value in points if at <= start + span / ENDS]
    last = [value for at, value in points if at >= start + span - span / ENDS]
    values = [value for _, value in points]
    past = sum(not metric.allows(Reading(value, at)) for at, value in points) / len(points)
    worst = min(values) if metric.wants_much else max(values)
    return MetricTrend(metric, points, median(first), median(last), worst, past)


def _days_until_level(trend: MetricTrend) -> tuple[float, float]:
    """The earliest and the latest day on which it is past its level; infinite: never, at its pace."""
    if not trend.metric.allows(Reading(trend.last, trend.points[-1][0])):
        return math.inf, math.inf  # that it is past its level now, the daily check says
    sign = -1.0 if trend.metric.wants_much else 1.0
    turned = [(at, sign * value) for at, value in trend.points]
    newer = [point for point in turned if point[0] >= turned[0][0] + trend.seconds / 2]
    room = sign * (trend.metric.fail - trend.last)
    ways = [growth(some, LEAST_LOOKS).days_until(room) for some in (turned, newer)]
    return max(soon for soon, _ in ways), max(late for _, late in ways)
