"""Namespaces to discover: recorded, rendered from manifests, and one made by hand with the habits of others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline_services.clients.manifests import rendered
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.snapshot.snapshot import Snapshot
from tests.reporting.samples import ROOT

RECORDINGS = ROOT / "tests" / "snapshots"
_LISTS = ("Deployment", "StatefulSet", "DaemonSet", "Service", "ConfigMap", "HorizontalPodAutoscaler", "NetworkPolicy")
Object = dict[str, Any]


def recording(name: str) -> Snapshot:
    return Snapshot.load(RECORDINGS / f"{name}.json.gz")


def snapshot_of(objects: Iterable[Mapping[str, Any]], namespace: str, **answers: Any) -> Snapshot:
    """What would be seen of these objects, if they were there."""
    known = list(objects)
    lists = {KINDS[kind].source: [one for one in known if one["kind"] == kind] for kind in _LISTS}
    return Snapshot(1.0, "somewhere", namespace, {**lists, **answers})


def applied(folder: str, namespace: str, **answers: Any) -> Snapshot:
    """What would be seen of a kustomization of this checkout, if it were applied."""
    return snapshot_of(rendered(Path(REPOSITORY / folder)), namespace, **answers)


def secret(name: str, *keys: str, kind: str = "Opaque") -> Object:
    return {"name": name, "type": kind, "keys": {key: {"sha256": "0123456789abcdef", "bytes": 20} for key in keys}}


def foreign() -> Snapshot:
    """A pipeline of somebody else: a ConfigMap for each app, no group of its own in the names, one topic, no headless
    Service of the store, tokens of the administrator, probes that look at nothing."""
    return snapshot_of(
        [*_data_path(), *_watchers()],
        "plant",
        secrets=[
            secret("tsdb-secrets", "admin-username", "admin-password", "admin-token"),
            secret("tsdb-tls", "tls.crt", "tls.key", kind="kubernetes.io/tls"),
            secret("boards-secrets", "admin-password"),
            secret("sh.helm.release.v1.x", "release", kind="helm.sh/release.v1"),
        ],
    )


def workload(kind: str, name: str, container: Object, **more: Any) -> Object:
    """A workload with one container, and what its pods and its spec have beside it."""
    pods = {"containers": [{"name": name, **container}], "volumes": more.pop("volumes", [])}
    metadata = {"labels": {"app": name}, "annotations": more.pop("annotations", {})}
    spec = {"selector": {"matchLabels": {"app": name}}, "template": {"metadata": metadata, "spec": pods}, **more}
    return {"kind": kind, "metadata": {"name": name}, "spec": spec}


def service(name: str, app: str, *ports: int, **more: Any) -> Object:
    """A Service that leads to the pods of an app."""
    spec = {"selector": {"app": app}, "ports": [{"port": one, "targetPort": one} for one in ports], **more}
    return {"kind": "Service", "metadata": {"name": name}, "spec": spec}


def config_map(name: str, **data: str) -> Object:
    return {"kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def file(config: str) -> list[Object]:
    """The volumes of pods that mount a ConfigMap."""
    return [{"name": "files", "configMap": {"name": config}}]


def from_map(variable: str, config: str) -> Object:
    return {"name": variable, "valueFrom": {"configMapKeyRef": {"name": config, "key": variable}}}


def from_secret(variable: str, name: str, key: str) -> Object:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}


def _data_path() -> list[Object]:
    scraped = {"prometheus.io/scrape": "true", "prometheus.io/port": "8000"}
    reader = ("KAFKA_BROKER", "KAFKA_TOPIC", "KAFKA_CONSUMER_GROUP", "INFLUXDB_URL", "INFLUXDB_ORG", "INFLUXDB_BUCKET")
    store = {
        "image": "influxdb:2.7",
        "ports": [{"containerPort": 8086}],
        "volumeMounts": [{"name": "disk", "mountPath": "/var/lib/influxdb2"}, {"name": "tls", "mountPath": "/tls"}],
    }
    broker = {
        "image": "confluentinc/cp-kafka:7.5.0",
        "ports": [{"containerPort": 9092}],
        "volumeMounts": [{"name": "disk", "mountPath": "/var/lib/kafka/data"}],
    }
    sender = [from_map("KAFKA_BROKER", "sender-config"), from_map("KAFKA_TOPIC", "sender-config")]
    keeper = [
        *(from_map(one, "keeper-config") for one in reader),
        from_secret("INFLUXDB_TOKEN", "tsdb-secrets", "admin-token"),
    ]
    claims = {"volumeClaimTemplates": [{"metadata": {"name": "disk"}}]}
    tls = [{"name": "tls", "secret": {"secretName": "tsdb-tls"}}]
    target = {"kind": "Deployment", "name": "sender"}
    cpu = {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 70}}}
    return [
        workload("StatefulSet", "bus", broker, **claims),
        workload("StatefulSet", "tsdb", store, **claims, volumes=tls),
        workload("Deployment", "sender", {"image": "registry/plant/a:1", "env": sender}, annotations=scraped),
        workload("Deployment", "keeper", {"image": "registry/plant/b:1", "env": keeper}, annotations=scraped),
        service("bus-svc", "bus", 9092),
        service("bus-each", "bus", 9092, clusterIP="None"),
        service("tsdb-svc", "tsdb", 8086),
        config_map("sender-config", KAFKA_BROKER="bus-svc.plant.svc.cluster.local:9092", KAFKA_TOPIC="speeds"),
        config_map(
            "keeper-config",
            KAFKA_BROKER="bus-svc:9092",
            KAFKA_TOPIC="speeds",
            KAFKA_CONSUMER_GROUP="keepers",
            INFLUXDB_URL="https://tsdb-svc:8086",
            INFLUXDB_ORG="plant",
            INFLUXDB_BUCKET="speeds-kept",
        ),
        {
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "sender-scaler"},
            "spec": {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 4, "metrics": [cpu]},
        },
    ]


def _watchers() -> list[Object]:
    panels = [
        {"id": 1, "title": "Sent", "type": "row", "panels": [_panel(4, "Rate", "prometheus", "rate(sent_total[1m])")]},
        _panel(2, "Kept", "influxdb", 'from(bucket: "x") |> filter(fn: (r) => r._measurement == "speed")'),
        _panel(
            3, "Writes", "prometheus", "rate(keeper_influx_writes_total[1m])/rate(keeper_influx_write_errors_total[1m])"
        ),
    ]
    sources = (
        "datasources:\n- {name: P, type: prometheus, uid: p-1, url: 'http://metrics-svc:9090'}\n"
        "- {name: T, type: influxdb, url: 'https://tsdb-svc:8086'}\n- {name: Z, type: tempo, uid: z}\n"
    )
    return [
        workload("Deployment", "metrics", {"image": "prom/prometheus:v2"}, volumes=file("metrics-config")),
        workload(
            "Deployment",
            "boards",
            {
                "image": "grafana/grafana:10",
                "env": [from_secret("GF_SECURITY_ADMIN_PASSWORD", "boards-secrets", "admin-password")],
            },
            volumes=file("boards-config"),
        ),
        workload("Deployment", "archive", {"image": "grafana/loki:2.9"}),
        workload(
            "DaemonSet",
            "tailer",
            {"image": "grafana/promtail:2.9"},
            volumes=[{"name": "logs", "hostPath": {"path": "/var/log"}}, *file("tailer-config")],
        ),
        workload("Deployment", "billing", {"image": "registry/plant/billing:4"}),
        service("metrics-svc", "metrics", 9090),
        service("boards-svc", "boards", 80, type="NodePort"),
        service("archive-svc", "archive", 3100),
        config_map(
            "metrics-config",
            **{"prometheus.yml": "scrape_configs:\n- job_name: pods\n  kubernetes_sd_configs:\n  - role: pod\n"},
        ),
        config_map("tailer-config", **{"promtail.yml": "clients:\n- url: http://archive-svc:3100/loki/api/v1/push\n"}),
        config_map(
            "boards-config",
            **{
                "sources.yaml": sources,
                "speeds.json": json.dumps({"title": "Speeds", "uid": "speeds-1", "panels": panels}),
            },
        ),
    ]


def _panel(number: int, title: str, source: str, query: str) -> Object:
    return {"id": number, "title": title, "datasource": {"type": source}, "targets": [{"expr": query}]}
