"""What the services say for themselves, each through a port-forward of its own: the table of them is ``SERVICES``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, Final

from pipeline_services.clients.grafana import GrafanaApi, panels
from pipeline_services.clients.loki import LokiApi
from pipeline_services.clients.prometheus import PrometheusApi
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, PipelineError
from pipeline_services.model.metrics.key_metrics import metrics_of
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.record import Record
from pipeline_services.snapshot.sources import loud_lines
from pipeline_services.snapshot.sources.deep import onset
from pipeline_services.snapshot.sources.metric_trends import HISTORY, metric_trend, trended
from pipeline_services.snapshot.sources.reach import Group, Moment, Reach, take_all
from pipeline_services.snapshot.sources.stores import influxdb_sources, kafka_sources, read_influxdb, read_kafka
from pipeline_services.snapshot.sources.upkeep import LOOK_BACK, upkeep_reads, upkeep_sources

WINDOW: Final = 600.0
SHOWN: Final = 3_600.0
"""Seconds that the page's pictures go back."""
SHOWN_STEP: Final = 60.0
RECENT: Final = 300.0
LINES: Final = 100


def _prometheus_sources(moment: Moment) -> list[str]:
    more = [*(("onset",) if moment.deep else ()), *(upkeep_sources(moment.pipeline) if moment.upkeep else ())]
    asked = [metric for metric, _ in _prometheus_queries(moment.pipeline)]
    metrics = [f"{kind}/{metric}" for kind in ("prometheus", HISTORY) for metric in asked]
    return ["prometheus_targets", *metrics, *more]


def _prometheus_queries(pipeline: Pipeline) -> list[tuple[str, str]]:
    return [(metric.id, metric.query) for metric in metrics_of(pipeline).values() if metric.tool == "prometheus"]


def _read_prometheus(reach: Reach, record: Record, moment: Moment) -> None:
    """Every key metric that Prometheus has, how it went in the last hour, and its targets; for a deep look how the last
    half hour went, for the reviews all that it remembers."""
    api = PrometheusApi(reach.http(reach.forward(roles.PROMETHEUS)), moment.namespace, reach.pipeline.query_words)
    queries = [
        (f"prometheus/{metric}", partial(api.query, query)) for metric, query in _prometheus_queries(reach.pipeline)
    ]
    back: list[tuple[str, Callable[[], Any]]] = (
        [("onset", partial(onset, api, moment.at, reach.pipeline))] if moment.deep else []
    )
    back += upkeep_reads(api, moment.at, reach.pipeline) if moment.upkeep else []
    pictures = [
        (
            f"{HISTORY}/{metric.id}",
            partial(metric_trend, api, metric, moment.at, reach.pipeline, seconds=SHOWN, step=SHOWN_STEP),
        )
        for metric in trended(reach.pipeline)
    ]
    take_all(record, [("prometheus_targets", api.targets), *back, *queries, *pictures])


def _loki_sources(moment: Moment) -> list[str]:
    week = (loud_lines.SOURCE,) if moment.upkeep else ()
    return ["loki_ready", "loki/all", "loki/errors", "loki/pods", *week]


def spec_queries(namespace: str) -> dict[str, str]:
    """Section 2's two searches, as written there."""
    everything = f'{{namespace="{namespace}"}}'
    return {"all": everything, "errors": f'{everything} |= "error" or "Error" or "ERROR"'}


def _read_loki(reach: Reach, record: Record, moment: Moment) -> None:
    """Readiness, section 2's searches and how new each pod's lines are; a review takes the errors of a week."""
    api = LokiApi(reach.http(reach.forward(roles.LOKI)))
    start, end = moment.at - WINDOW, moment.at + 1

    def ready() -> dict[str, Any]:
        answer = api.ready()
        return {"status": answer.status, "body": answer.text[:200]}

    searches = [
        (f"loki/{name}", partial(api.lines, logql, start=start, end=end, limit=LINES))
        for name, logql in spec_queries(moment.namespace).items()
    ]
    newest = ("loki/pods", lambda: api.newest_by_pod(moment.namespace, start=moment.at - RECENT, end=end))
    week = partial(loud_lines.loud_lines, api, moment.namespace, moment.at, reach.pipeline, seconds=LOOK_BACK)
    back: list[tuple[str, Callable[[], Any]]] = [(loud_lines.SOURCE, week)] if moment.upkeep else []
    take_all(record, [("loki_ready", ready), newest, *searches, *back])


def _grafana_sources(moment: Moment) -> list[str]:
    sources = [f"grafana_datasources/{uid}" for uid in _datasources(moment)]
    board = moment.pipeline.dashboard
    shown = ["grafana_dashboard", *(f"grafana_panels/{panel}" for panel in board.panels)] if board.uid else []
    return ["grafana_health", *sources, *shown]


def _datasources(moment: Moment) -> list[str]:
    """The ids of the data sources whose component is there."""
    return [uid for component, uid in moment.pipeline.dashboard.datasources.items() if component not in moment.absent]


def _read_grafana(reach: Reach, record: Record, moment: Moment) -> None:
    """Health, data sources, the dashboard, and each of its panels' queries."""
    api = GrafanaApi(reach.http(reach.forward(roles.GRAFANA)))
    wanted = reach.pipeline.dashboard
    record.take("grafana_health", api.health)
    sources = [(f"grafana_datasources/{uid}", partial(_datasource, api, uid, moment)) for uid in _datasources(moment)]
    if not wanted.uid:
        take_all(record, sources)
        return
    shown: list[tuple[str, Callable[[], Any]]] = []
    try:
        dashboard = api.dashboard(wanted.uid)
    except PipelineError as error:
        failed = ["grafana_dashboard", *(f"grafana_panels/{panel}" for panel in wanted.panels)]
        record.fail(failed, error)
    else:
        record.take("grafana_dashboard", lambda: dashboard)
        known = panels(dashboard)
        shown = [(f"grafana_panels/{panel}", partial(_panel, api, known, panel, moment)) for panel in wanted.panels]
    take_all(record, [*sources, *shown])


def _datasource(api: GrafanaApi, uid: str, moment: Moment) -> dict[str, Any]:
    if uid == moment.pipeline.dashboard.datasources.get(roles.LOKI):  # its plugin has no health call
        query = {"expr": spec_queries(moment.namespace)["all"], "queryType": "range", "maxLines": 1}
        wrong = api.datasource_query(uid, "loki", query, start=moment.at - RECENT, end=moment.at)
        return {"status": 500, "message": wrong} if wrong else {"status": 200, "message": "a query was answered"}
    status, message = api.datasource_health(uid)
    return {"status": status, "message": message}


def _panel(api: GrafanaApi, known: Mapping[int, Mapping[str, Any]], panel: int, moment: Moment) -> dict[str, Any]:
    if panel not in known:
        raise NoData(f"the dashboard has no panel {panel} ({moment.pipeline.dashboard.panels[panel]})")
    return asdict(api.panel(known[panel], start=moment.at - SHOWN, end=moment.at))


SERVICES: Final[Mapping[str, Group]] = {
    roles.KAFKA: Group(kafka_sources, read_kafka),
    roles.INFLUXDB: Group(influxdb_sources, read_influxdb),
    roles.PROMETHEUS: Group(_prometheus_sources, _read_prometheus),
    roles.GRAFANA: Group(_grafana_sources, _read_grafana),
    roles.LOKI: Group(_loki_sources, _read_loki),
}
"""Every component that is asked itself, in the order in which reading begins.

Kafka goes first: it decides how long everything takes, because its two samples lie 1 to 2 s apart.
"""
