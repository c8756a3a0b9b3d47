"""What the services say of a healthy pipeline, and what its pods log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pipeline_services.metrics.key_metrics import KEY_METRICS
from pipeline_services.model import names, roles
from pipeline_services.model.pipeline import Pipeline
from tests.judgements.answers_of_cluster import POD_NAMES

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


def answers(now: float) -> dict[str, Any]:
    """The sources that are not lists of the Kubernetes API."""
    return {
        **{f"logs/{app}": [_tail(app, line, now)] for app, line in LOG_LINES.items()},
        **{f"prometheus/{metric}": _series(metric, now) for metric in VALUES},
        **_grafana(now),
        **_loki(now),
        **_kafka(now),
        **_influxdb(now),
        "prometheus_targets": [_target(app, now) for app in (*LOG_LINES, "kubelet", "kubelet-cadvisor")],
    }


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def _tail(app: str, line: str, now: float) -> dict[str, Any]:
    lines = [f"{_time(now - seconds)} {line}" for seconds in (90, 60, 45, 5)]
    return {"pod": POD_NAMES[app], "container": app, "lines": lines}


def _series(metric_id: str, now: float) -> list[dict[str, Any]]:
    metric, value = KEY_METRICS[metric_id], [now, str(VALUES[metric_id])]
    if metric.by == "pod":
        apps = [app for app in names.WORKLOADS if app in POD_NAMES]
        return [{"metric": {"pod": POD_NAMES[app]}, "value": value} for app in apps]
    if metric.by == "persistentvolumeclaim":
        return [{"metric": {metric.by: f"data-{app}-0"}, "value": value} for app in metric.cases(Pipeline.load())]
    if metric.by:
        return [{"metric": {metric.by: subject}, "value": value} for subject in metric.cases(Pipeline.load())]
    return [{"metric": {}, "value": value}]


def _grafana(now: float) -> dict[str, Any]:
    panels = {
        f"grafana_panels/{number}": {
            "title": title,
            "newest": now - 10,
            "points": 40,
            "error": None,
            "datasource": PANEL_SOURCES.get(title, "prometheus"),
        }
        for number, title in Pipeline.load().dashboard.panels.items()
    }
    shown = [{"id": number, "title": title} for number, title in Pipeline.load().dashboard.panels.items()]
    return {
        **panels,
        "grafana_health": {"database": "ok", "version": "10.4.0"},
        "grafana_dashboard": {"title": names.DASHBOARD, "uid": names.DASHBOARD_UID, "panels": shown},
        **{f"grafana_datasources/{uid}": {"status": 200, "message": "OK"} for uid in names.DATASOURCES.values()},
    }


def _loki(now: float) -> dict[str, Any]:
    stream = {"stream": {"app": roles.PRODUCER}, "values": [[str(int((now - 3) * 1e9)), "produced"]]}
    return {
        "loki_ready": {"status": 200, "body": "ready"},
        "loki/all": [stream],
        "loki/errors": [],
        "loki/pods": {POD_NAMES[app]: now - 5 for app in names.WORKLOADS},
    }


def _kafka(now: float) -> dict[str, Any]:
    def partitions(count: int) -> list[dict[str, Any]]:
        return [{"partition": number, "leader": 0, "isr": [0], "replicas": [0]} for number in range(count)]

    def sample(at: float, end: int) -> dict[str, Any]:
        numbers = range(names.TOPIC_PARTITIONS)
        return {"at": at, "partitions": {str(number): {"committed": end - 2, "end": end} for number in numbers}}

    held = [f"{names.TOPIC}/{number}" for number in range(names.TOPIC_PARTITIONS)]
    return {
        "kafka_topics": {names.TOPIC: partitions(names.TOPIC_PARTITIONS), names.DEAD_LETTER_TOPIC: partitions(1)},
        "kafka_group": {"state": "Stable", "members": [{"id": "m-1", "host": "10.244.0.7", "partitions": held}]},
        "kafka_lag": [sample(now, 10_000), sample(now + 2.1, 10_007)],
    }


def _influxdb(now: float) -> dict[str, Any]:
    certificate = {
        "subject": "CN=influxdb-service",
        "issuer": "CN=conveyor InfluxDB CA",
        "names": ["127.0.0.1", "influxdb-service", "influxdb-service.conveyor-pipeline", "localhost"],
        "not_before": now - 86_400,
        "not_after": now + 365 * 86_400,
        "sha256": "ab" * 32,
    }
    return {
        "influxdb_health": {"status": 200, "body": {"name": "influxdb", "status": "pass"}},
        "influxdb_newest": {"time": now + 1.5, "points_1m": 1200, "asked_at": now + 2},
        "influxdb_token": {"status": 200},
        "influxdb_read_token": {"status": 200},
        "tls": {"secret": certificate, "served": dict(certificate), "verified": True, "error": ""},
    }


def _target(job: str, now: float) -> dict[str, Any]:
    labels = {"job": job, **({"pod": POD_NAMES[job]} if job in POD_NAMES else {})}
    return {"labels": labels, "health": "up", "lastError": "", "lastScrape": _time(now - 4)}
