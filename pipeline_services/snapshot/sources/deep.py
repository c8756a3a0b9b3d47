"""What a deep look adds for triage and the practice run: rollouts, quotas, budgets, neighbours, the last half hour."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from types import MappingProxyType
from typing import Any, Final

from pipeline_services.clients.prometheus import PrometheusApi
from pipeline_services.model import own_cluster
from pipeline_services.model.k8s import name_of, spec_of, status_of
from pipeline_services.model.metrics.key_metrics import can_be_asked
from pipeline_services.model.metrics.levels.lag import LAG_IN_PROMETHEUS
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.bounds import ONSET_STEP_S
from pipeline_services.snapshot.sources.cluster_parts import Listing, listings
from pipeline_services.snapshot.sources.metric_trends import finite

LOOK_BACK: Final = 1800.0
DEEP_LISTS: Final[Mapping[str, Listing]] = MappingProxyType(
    {
        **listings("replicasets", "controllerrevisions", "resourcequotas", "limitranges", "poddisruptionbudgets"),
        "system_pods": Listing(
            "pods", own_cluster.SYSTEM_NAMESPACE, "k8s-app in (kube-dns,metrics-server,kube-proxy,kube-router)"
        ),
    }
)
"""Source to what is listed; the last is what names, metrics and the network of every pod hang on."""
QUOTAS: Final = ("resourcequotas", "limitranges")

ONSET: Final[Mapping[str, str]] = MappingProxyType(
    {
        "producer-rate": "sum(rate($produced{$selector}[30s]))",
        "processor-rate": "sum(rate($consumed{$selector}[30s]))",
        "influxdb-writes": "sum(rate($written{$selector}[30s]))",
        "write-failures": "sum(rate($write_failures{$selector}[30s]))",
        "consumer-lag": LAG_IN_PROMETHEUS,
        "answering": "sum by ($app) (up{$selector, $of_data_path})",
        "restarts": "sum by ($app) (changes(container_start_time_seconds{$selector, $of_data_path}[1m]))",
    }
)
"""What is looked back at, each over the shortest window that its scrapes allow, so that a start shows where it was.

Those by app become one series each: ``answering/kafka`` is how many of its pods let themselves be scraped, which is
the nearest to ready that Prometheus knows.
"""


def quotas(lists: Mapping[str, Future[list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    """Every ResourceQuota with what is used of it, and every LimitRange; raises what listing either raised."""
    found = [
        {
            "kind": "ResourceQuota",
            "name": name_of(item),
            "hard": status_of(item).get("hard") or spec_of(item).get("hard") or {},
            "used": status_of(item).get("used") or {},
        }
        for item in lists["resourcequotas"].result()
    ]
    ranges = [
        {"kind": "LimitRange", "name": name_of(item), "limits": spec_of(item).get("limits") or []}
        for item in lists["limitranges"].result()
    ]
    return [*found, *ranges]


def onset(api: PrometheusApi, at: float, pipeline: Pipeline) -> dict[str, list[list[float]]]:
    """The last half hour before ``at``, as ``look_back`` gives it."""
    return look_back(api, ONSET, at, pipeline, seconds=LOOK_BACK, step=ONSET_STEP_S)


def look_back(
    api: PrometheusApi, queries: Mapping[str, str], at: float, pipeline: Pipeline, *, seconds: float, step: float
) -> dict[str, list[list[float]]]:
    """How queries went until ``at``: series name to ``[epoch seconds, value]``, the oldest first.

    A query by a label gives a series for each of its values, ``<query>/<value>``, or ``<query>/<component>`` where the
    value is the name of a workload. A series without a value at some time has no entry for it; a query that never had
    any is there, and empty. One whose series the pipeline does not have is left out.

    Raises:
        ServiceUnreachable: Prometheus does not answer.
        UnexpectedAnswer: it cannot answer a query.
    """
    found: dict[str, list[list[float]]] = {}
    ids = {part.workload: part.id for part in pipeline.workloads.values()}
    for name, promql in queries.items():
        if not can_be_asked(promql, pipeline):
            continue
        series = api.over_time(promql, start=at - seconds, end=at, step=step)
        named = {
            "/".join((name, *(ids.get(value, value) for value in one["metric"].values()))): one["values"]
            for one in series
        }
        found |= {
            key: [[round(at), round(value, 3)] for at, value in finite(values)] for key, values in named.items()
        } or {name: []}
    return found
