"""The history of key metrics: whose each series is, the worst of several, and not more points than a report needs."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.model.metrics.key_metrics import KEY_METRICS
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.sources.metric_trends import MOST_POINTS, metric_trend, subject_of, thinned
from tests.snapshot.sources.same_series import SameSeries

PIPELINE = Pipeline.load()


def trend_of(metric: str, *series: dict[str, Any]) -> dict[str, list[list[float]]]:
    return metric_trend(SameSeries(*series), KEY_METRICS[metric], 1_000, PIPELINE, seconds=600, step=10)


def test_of_several_pods_the_worst_counts() -> None:
    one = {"metric": {"pod": "producer-7c9-x2"}, "values": [[10.2, "0.5"], [20, "0.1"], [30, "NaN"]]}
    other = {"metric": {"pod": "producer-7c9-k4"}, "values": [[10.4, "0.2"], [20, "0.3"]]}
    stranger = {"metric": {"pod": "shop-1"}, "values": [[10, "9"]]}
    assert trend_of("memory-usage", one, other, stranger) == {"producer": [[10, 0.5], [20, 0.3]]}


def test_where_much_is_wanted_the_lowest_is_the_worst() -> None:
    series = [{"metric": {"name": "kafka-service"}, "values": [[10, value]]} for value in ("1", "0")]
    assert trend_of("name-resolves", *series) == {"kafka-service": [[10, 0]]}


@pytest.mark.parametrize(
    ("metric", "labels", "subject"),
    [
        ("producer-rate", {}, ""),
        ("memory-usage", {"pod": "log-shipper-8hq7d"}, "log-shipper"),
        ("volume-usage", {"persistentvolumeclaim": "data-prometheus"}, "prometheus"),
        ("volume-usage", {"persistentvolumeclaim": "someone-elses"}, None),
    ],
)
def test_whose_a_series_is(metric: str, labels: dict[str, str], subject: str | None) -> None:
    assert subject_of(KEY_METRICS[metric], labels, PIPELINE) == subject


def test_no_series_has_more_points_than_a_report_needs() -> None:
    points = thinned([(float(at), float(at % 6)) for at in range(1008)])
    assert len(points) == MOST_POINTS
    assert {value for _, value in points} == {2.5}
    assert points[-1][0] == 1007
    assert thinned([]) == []
