"""What the weekly and monthly reviews look at beside a deep snapshot: as far back as Prometheus remembers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from pipeline_services.clients.prometheus import PrometheusApi
from pipeline_services.model.metrics.levels.lag import LAG_IN_PROMETHEUS
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.sources.deep import look_back
from pipeline_services.snapshot.sources.metric_trends import metric_trend, thinned, trended
from pipeline_services.snapshot.sources.use import USE, use_of

LOOK_BACK: Final = 7 * 86_400.0
STEP: Final = 600.0

WEEK: Final = "[7d]"
"""The range of a query; the namespace's whole life takes its place where that is shorter."""
UPKEEP: Final[Mapping[str, str]] = MappingProxyType(
    {"upkeep/restarts": f"sum by ($app) (changes(container_start_time_seconds{{$selector}}{WEEK}))"}
)
"""Source to query: one value for each app, in restarts."""
TRENDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "memory": "max by ($app) (container_memory_working_set_bytes{$selector})",
        "consumer-lag": LAG_IN_PROMETHEUS,
        "end-to-end-latency": ("histogram_quantile(0.95, sum by (le) (rate($latency_bucket{$selector}[10m])))"),
        "volume": (
            "max by (persistentvolumeclaim) (kubelet_volume_stats_used_bytes{$selector}"
            " / kubelet_volume_stats_capacity_bytes{$selector})"
        ),
    }
)
"""What may creep; by app or by claim they become series of their own: ``memory/kafka``."""


def upkeep_reads(at: float, pipeline: Pipeline, since: float = 0.0) -> dict[str, Callable[[PrometheusApi], Any]]:
    """Each source with the way to read it; ``since`` as ``PrometheusApi`` takes it."""
    known = f"[{max(min(LOOK_BACK, at - since), STEP):.0f}s]"
    week = partial(metric_trend, at=at, pipeline=pipeline, seconds=LOOK_BACK, step=STEP)
    return {
        **{source: partial(PrometheusApi.query, promql=query.replace(WEEK, known)) for source, query in UPKEEP.items()},
        "trends": partial(_trends, at=at, pipeline=pipeline),
        **{f"metric_trends/{one.id}": partial(week, metric=one) for one in trended(pipeline)},
        **{f"use/{resource}": partial(use_of, resource=resource, at=at, pipeline=pipeline) for resource in USE},
    }


def _trends(api: PrometheusApi, at: float, pipeline: Pipeline) -> dict[str, list[list[float]]]:
    found = look_back(api, TRENDS, at, pipeline, seconds=LOOK_BACK, step=STEP)
    return {name: thinned(points) for name, points in found.items()}
