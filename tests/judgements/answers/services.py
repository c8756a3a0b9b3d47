"""What the services say of a healthy pipeline, and what its pods log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pipeline_services.model import roles
from pipeline_services.model.component import Component
from pipeline_services.model.metrics.key_metrics import KEY_METRICS
from pipeline_services.model.pipeline import Pipeline
from tests.judgements.answers.cluster import pod_name
from tests.judgements.examples import EXAMPLES

VALUES = {
    "producer-rate": 20.0,
    "processor-matches-producer": 1.0,
    "influxdb-writes-match-processor": 1.0,
    "cpu-usage": 0.2,
    "memory-usage": 0.4,
    "end-to-end-latency": 0.4,
    "write-failures": 0.0,
    "dead-letters": 0.0,
    "cpu-throttling": 0.1,
    "unacknowledged-age": 0.02,
    "name-resolves": 1.0,
    "volume-usage": 0.1,
}
LOG_LINES = {
    roles.PRODUCER: '{"time": "x", "level": "INFO", "logger": "producer", "message": "produced 1200 readings"}',
    roles.PROCESSOR: '{"time": "x", "level": "INFO", "logger": "processor", "message": "stored 1200 readings"}',
    roles.KAFKA: "[2026-11-18 10:00:00,000] INFO [GroupCoordinator id=0] Stabilized group (kafka.coordinator)",
    roles.INFLUXDB: 'ts=2026-11-18T10:00:00Z lvl=info msg="Retention policy deletion check (end)" service=retention',
}
PANEL_SOURCES = {"InfluxDB writes": "influxdb", "Log errors": "loki"}


def answers(now: float, pipeline: Pipeline) -> dict[str, Any]:
    """The sources that are not lists of the Kubernetes API."""
    logged = [pipeline[component] for component in pipeline.data_path]
    of_stores = {roles.KAFKA: _kafka, roles.INFLUXDB: _influxdb}
    stores = [answer(now, pipeline) for component, answer in of_stores.items() if component in pipeline.components]
    return {
        **{f"logs/{part.id}": [_tail(part, now)] for part in logged},
        **{f"prometheus/{metric}": _series(metric, now, pipeline) for metric in VALUES},
        **_grafana(now, pipeline),
        **_loki(now, pipeline),
        **{one.source: one.well for one in EXAMPLES if one.component in pipeline.components},
        **{source: answer for store in stores for source, answer in store.items()},
        "prometheus_targets": [
            *(_target(now, job=part.workload, pod=pod_name(part)) for part in logged),
            *(_target(now, job=job) for job in ("kubelet", "kubelet-cadvisor")),
        ],
    }


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def _tail(part: Component, now: float) -> dict[str, Any]:
    said = LOG_LINES.get(part.id, "INFO all is well")
    lines = [f"{_time(now - seconds)} {said}" for seconds in (90, 60, 45, 5)]
    return {"pod": pod_name(part), "container": part.container, "lines": lines}


def _series(metric_id: str, now: float, pipeline: Pipeline) -> list[dict[str, Any]]:
    metric, value = KEY_METRICS[metric_id], [now, str(VALUES[metric_id])]
    if metric.by == "pod":
        return [{"metric": {"pod": pod_name(part)}, "value": value} for part in pipeline.workloads.values()]
    if metric.by == "persistentvolumeclaim":
        return [{"metric": {metric.by: pipeline[app].volume}, "value": value} for app in metric.cases(pipeline)]
    if metric.by:
        return [{"metric": {metric.by: subject}, "value": value} for subject in metric.cases(pipeline)]
    return [{"metric": {}, "value": value}]


def _grafana(now: float, pipeline: Pipeline) -> dict[str, Any]:
    board = pipeline.dashboard
    panels = {
        f"grafana_panels/{number}": {
            "title": title,
            "newest": now - 10,
            "points": 40,
            "error": None,
            "datasource": PANEL_SOURCES.get(title, "prometheus"),
        }
        for number, title in board.panels.items()
    }
    shown = [{"id": number, "title": title} for number, title in board.panels.items()]
    return {
        **panels,
        "grafana_dashboard": {"title": board.title, "uid": board.uid, "panels": shown},
        **{f"grafana_datasources/{uid}": {"status": 200, "message": "OK"} for uid in board.datasources.values()},
    }


def _loki(now: float, pipeline: Pipeline) -> dict[str, Any]:
    stream = {"stream": {"app": roles.PRODUCER}, "values": [[str(int((now - 3) * 1e9)), "produced"]]}
    return {
        "loki/all": [stream],
        "loki/errors": [],
        "loki/pods": {pod_name(part): now - 5 for part in pipeline.workloads.values()},
    }


def _kafka(now: float, pipeline: Pipeline) -> dict[str, Any]:
    topics = pipeline.topics

    def partitions(count: int) -> list[dict[str, Any]]:
        return [{"partition": number, "leader": 0, "isr": [0], "replicas": [0]} for number in range(count)]

    def sample(at: float, end: int) -> dict[str, Any]:
        each = {str(number): {"committed": end - 2, "end": end} for number in topics.partition_numbers}
        return {"at": at, "partitions": each}

    held = [f"{topics.readings}/{number}" for number in topics.partition_numbers]
    return {
        "kafka_topics": {name: partitions(count) for name, count in topics.least_partitions.items()},
        "kafka_group": {"state": "Stable", "members": [{"id": "m-1", "host": "10.244.0.7", "partitions": held}]},
        "kafka_settings": {
            name: {key: {"value": value, "own": key == "flush.messages"} for key, value in topics.settings.items()}
            for name in topics.least_partitions
        },
        "kafka_sizes": [
            {"at": now + later, "bytes": {name: 50_000_000 + round(5_000 * later) for name in topics.least_partitions}}
            for later in (0.0, 2.1)
        ],
        "kafka_lag": [sample(now, 10_000), sample(now + 2.1, 10_007)],
    }


def _influxdb(now: float, pipeline: Pipeline) -> dict[str, Any]:
    host = pipeline.service(roles.INFLUXDB).name
    certificate = {
        "subject": f"CN={host}",
        "issuer": f"CN={pipeline.name} InfluxDB CA",
        "names": ["127.0.0.1", host, f"{host}.{pipeline.namespace}", "localhost"],
        "not_before": now - 86_400,
        "not_after": now + 365 * 86_400,
        "sha256": "ab" * 32,
    }
    return {
        "influxdb_newest": {"time": now + 1.5, "points_1m": 1200, "asked_at": now + 2},
        "influxdb_token": {"status": 200},
        "influxdb_read_token": {"status": 200},
        "tls": {"secret": certificate, "served": dict(certificate), "key_fits": True, "verified": True, "error": ""},
    }


def _target(now: float, **labels: str) -> dict[str, Any]:
    return {"labels": labels, "health": "up", "lastError": "", "lastScrape": _time(now - 4)}
