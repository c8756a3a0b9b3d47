"""How much CPU and memory the worst pod of each app used in the month that the review looks back at, as percentiles."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from pipeline_services.clients.prometheus import PrometheusApi, number
from pipeline_services.model.pipeline import Pipeline

LOOK_BACK: Final = 30 * 86_400.0
STEP: Final = 900.0
USE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cpu": "max by ($app) (sum by ($app, pod) (rate(container_cpu_usage_seconds_total{$selector}[5m])))",
        "memory": (
            "max by ($app) (sum by ($app, pod) (max_over_time(container_memory_working_set_bytes{$selector}[15m])))"
        ),
    }
)
"""In cores and bytes: every 15 minutes the use of five, or the most of all of them."""


def use_of(api: PrometheusApi, resource: str, at: float, pipeline: Pipeline) -> dict[str, dict[str, float]]:
    """By component ``p50``, ``p95``, ``p99`` and ``max`` of a resource, ``since`` when they are known (epoch seconds).

    Raises:
        ServiceUnreachable: Prometheus does not answer.
        UnexpectedAnswer: it cannot answer the query.
    """
    ids = {part.workload: part.id for part in pipeline.workloads.values()}
    found = {}
    for series in api.over_time(USE[resource], start=at - LOOK_BACK, end=at, step=STEP):
        app = series["metric"].get(pipeline.series_label, "")
        points = [(at, value) for at, text in series["values"] if math.isfinite(value := number(text))]
        if app in ids and points:
            found[ids[app]] = {**percentiles([value for _, value in points]), "since": float(points[0][0])}
    return found


def percentiles(values: Sequence[float]) -> dict[str, Any]:
    """The percentiles of the values, by nearest rank."""
    ordered = sorted(values)
    ranks = {f"p{share}": max(1, math.ceil(share * len(ordered) / 100)) for share in (50, 95, 99)}
    return {**{name: ordered[rank - 1] for name, rank in ranks.items()}, "max": ordered[-1]}
