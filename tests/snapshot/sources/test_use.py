"""What was used, as percentiles of the month."""

from __future__ import annotations

import pytest

from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.sources.use import percentiles, use_of
from tests.snapshot.sources.same_series import SameSeries


def test_each_app_s_use_since_it_is_known() -> None:
    kafka = {"metric": {"app": "kafka"}, "values": [[10, "NaN"], [20, "0.5"], [30, "0.1"]]}
    stranger = {"metric": {"app": "shop"}, "values": [[10, "1"]]}
    silent = {"metric": {"app": "loki"}, "values": [[10, "NaN"]]}
    found = use_of(SameSeries(kafka, stranger, silent), "cpu", 40, Pipeline.load())
    assert found == {"kafka": {"p50": 0.1, "p95": 0.5, "p99": 0.5, "max": 0.5, "since": 20.0}}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (range(1, 101), (50, 95, 99, 100)),
        (range(100, 0, -1), (50, 95, 99, 100)),
        ([7.0], (7, 7, 7, 7)),
        ([1.0] * 99 + [9.0], (1, 1, 1, 9)),
    ],
)
def test_percentiles_by_nearest_rank(values: list[float], expected: tuple[float, ...]) -> None:
    assert tuple(percentiles(list(values)).values()) == expected
