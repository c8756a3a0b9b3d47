"""Every query of Prometheus is limited to the pipeline: a shared Prometheus knows the series of others too."""

from __future__ import annotations

import pytest

from pipeline_services.model.metrics.key_metrics import KEY_METRICS
from pipeline_services.snapshot.sources.deep import ONSET
from pipeline_services.snapshot.sources.upkeep import TRENDS, UPKEEP
from pipeline_services.snapshot.sources.use import USE
from tests.promql import selectors

QUERIES = {
    **{metric.id: metric.query for metric in KEY_METRICS.values() if metric.tool == "prometheus"},
    **{f"onset/{name}": query for name, query in ONSET.items()},
    **{f"trends/{name}": query for name, query in TRENDS.items()},
    **{f"use/{name}": query for name, query in USE.items()},
    **UPKEEP,
}


@pytest.mark.parametrize("name", QUERIES)
def test_each_selector_of_a_query_is_limited(name: str) -> None:
    found = selectors(QUERIES[name])
    assert found
    assert not [metric for metric, matchers in found if not matchers.startswith("{$selector")]


def test_a_selector_without_the_namespace_is_found() -> None:
    query = 'sum by (app) (rate(a_total{$selector}[1m])) / on (app) b > bool 0.5 or 0 * max(up{job="c"})'
    assert selectors(query) == [("a_total", "{$selector}"), ("b", ""), ("up", '{job="c"}')]
