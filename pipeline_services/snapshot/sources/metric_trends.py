"""How each key metric went in the time that a review looks back at, as far as Prometheus remembers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any, Final

from pipeline_services.clients.prometheus import PrometheusApi, number
from pipeline_services.model.metrics.key_metrics import metrics_of
from pipeline_services.model.metrics.metric import KeyMetric
from pipeline_services.model.pipeline import Pipeline

MOST_POINTS: Final = 168
"""Points of one series: one an hour, over a week."""

HISTORY: Final = "metric_history"
"""The sources with each metric's last hour; a picture is drawn of it, and nothing is judged by it."""

Points = list[list[float]]
"""``[epoch seconds, value]``, the oldest first."""


def trended(pipeline: Pipeline) -> list[KeyMetric]:
    """The key metrics of which Prometheus has a history."""
    return [metric for metric in metrics_of(pipeline).values() if metric.tool == "prometheus"]


def metric_trend(
    api: PrometheusApi, metric: KeyMetric, at: float, pipeline: Pipeline, *, seconds: float, step: float
) -> dict[str, Points]:
    """The metric's points until ``at``, by subject; of several series of a subject the worst at each time.

    Raises:
        ServiceUnreachable: Prometheus does not answer.
        UnexpectedAnswer: it cannot answer the query.
    """
    worst: dict[str, dict[float, float]] = {}
    for one in api.over_time(metric.query, start=at - seconds, end=at, step=step):
        subject = subject_of(metric, one["metric"], pipeline)
        if subject is not None:
            _take_worst(worst.setdefault(subject, {}), finite(one["values"]), metric)
    return {subject: thinned(sorted(points.items())) for subject, points in worst.items()}


def subject_of(metric: KeyMetric, labels: Mapping[str, str], pipeline: Pipeline) -> str | None:
    """Whose series it is, as the metric's cases name it; None where it is nobody's."""
    value = labels.get(metric.by, "")
    if metric.by == "pod":
        owners = [part for part in pipeline.workloads.values() if value.startswith(f"{part.workload}-")]
        return max(owners, key=lambda part: len(part.workload)).id if owners else None
    if metric.by == "persistentvolumeclaim":
        return next((part.id for part in pipeline.workloads.values() if part.volume == value), None)
    return value


def thinned(points: Sequence[Sequence[float]], most: int = MOST_POINTS) -> Points:
    """At most so many points: each the median of as many neighbours, at the time of the last of them."""
    size = math.ceil(len(points) / most) or 1
    groups = [points[start : start + size] for start in range(0, len(points), size)]
    return [[group[-1][0], round(median(value for _, value in group), 6)] for group in groups]


def _take_worst(known: dict[float, float], points: Iterable[tuple[float, float]], metric: KeyMetric) -> None:
    worse = min if metric.wants_much else max
    for at, value in points:
        known[at] = worse(known.get(at, value), value)


def finite(values: Iterable[tuple[float, Any]]) -> Iterable[tuple[float, float]]:
    """The points of a series that are numbers, at whole seconds."""
    points = ((float(round(at)), number(text)) for at, text in values)
    return ((at, value) for at, value in points if math.isfinite(value))
