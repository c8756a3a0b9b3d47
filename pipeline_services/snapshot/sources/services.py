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
from pipeline_services.snapshot.record import Record
from pipeline_services.snapshot.sources import loud_lines
from pipeline_services.snapshot.sources.deep import onset
from pipeline_services.snapshot.sources.metric_trends import HISTORY, metric_trend, trended
from pipeline_services.snapshot.sources.reach import Group, Moment, Reach, take_all
from pipeline_services.snapshot.sources.stores import influxdb_sources, kafka_sources, read_influxdb, read_kafka
from pipeline_services.snapshot.sources.upkeep import LOOK_BACK, upkeep_reads

WINDOW: Final = 600.0
SHOWN: Final = 3_600.0
"""Seconds that the page's pictures go back."""
SHOWN_STEP: Final = 60.0
RECENT: Final = 300.0
LINES: Final = 100


def _prometheus_reads(moment: Moment) -> dict[str, Callable[[PrometheusApi], Any]]:
    """Every key metric that Prometheus has, how it went in the last hour, and its targets; for a deep look how the last
    half hour went, for the reviews all that it remembers."""
    at, pipeline, metrics = moment.at, moment.pipeline, trended(moment.pipeline)
    last_hour = partial(metric_trend, at=at, pipeline=pipeline, seconds=SHOWN, step=SHOWN_STEP)
    return {
        "prometheus_targets": PrometheusApi.targets,
        **({"onset": partial(onset, at=at, pipeline=pipeline)} if moment.deep else {}),
        **(upkeep_reads(at, pipeline, moment.since) if moment.upkeep else {}),
        **{f"prometheus/{one.id}": partial(PrometheusApi.query, promql=one.query) for one in metrics},
        **{f"{HISTORY}/{one.id}": partial(last_hour, metric=one) for one in metrics},
    }


def _read_prometheus(reach: Reach, record: Record, moment: Moment) -> None:
    http, words = reach.http(reach.forward(roles.PROMETHEUS)), reach.pipeline.query_words
    api = PrometheusApi(http, moment.namespace, words, moment.since)
    take_all(record, ((source, partial(read, api)) for source, read in _prometheus_reads(moment).items()))


def spec_queries(namespace: str) -> dict[str, str]:
    """Section 2's two searches, as written there."""
    everything = f'{{namespace="{namespace}"}}'
    return {"all": everything, "errors": f'{everything} |= "error" or "Error" or "ERROR"'}


def _loki_reads(moment: Moment) -> dict[str, Callable[[LokiApi], Any]]:
    """Readiness, section 2's searches and how new each pod's lines are; a review takes the errors of a week."""
    namespace, at, end = moment.namespace, moment.at, moment.at + 1
    search = partial(LokiApi.lines, start=at - WINDOW, end=end, limit=LINES)
    week = partial(loud_lines.loud_lines, namespace=namespace, at=at, pipeline=moment.pipeline, seconds=LOOK_BACK)
    return {
        "loki_ready": _loki_ready,
        "loki/pods": partial(LokiApi.newest_by_pod, namespace=namespace, start=at - RECENT, end=end),
        **{f"loki/{name}": partial(search, logql=logql) for name, logql in spec_queries(namespace).items()},
        **({loud_lines.SOURCE: week} if moment.upkeep else {}),
    }


def _loki_ready(api: LokiApi) -> dict[str, Any]:
    answer = api.ready()
    return {"status": answer.status, "body": answer.text[:200]}


def _read_loki(reach: Reach, record: Record, moment: Moment) -> None:
    api = LokiApi(reach.http(reach.forward(roles.LOKI)), moment.since)
    take_all(record, ((source, partial(read, api)) for source, read in _loki_reads(moment).items()))


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
    roles.PROMETHEUS: Group(_prometheus_reads, _read_prometheus),
    roles.GRAFANA: Group(_grafana_sources, _read_grafana),
    roles.LOKI: Group(_loki_reads, _read_loki),
}
"""Every component that is asked itself, in the order in which reading begins.

Kafka goes first: it decides how long everything takes, because its two samples lie 1 to 2 s apart.
"""
