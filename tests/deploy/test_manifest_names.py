"""The manifests hold to the names of the specification, which stand in names.py and settings.py."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline_services.model import names, own_cluster, roles
from pipeline_services.model.pipeline import Pipeline

MANIFESTS = Path(__file__).parents[2] / "manifests"


def test_everything_is_in_the_namespace(manifests: Any) -> None:
    outside = {item["kind"] for item in manifests.objects if "namespace" not in item["metadata"]}
    assert outside == {"Namespace", "ClusterRole", "ClusterRoleBinding"}
    elsewhere = [
        item for item in manifests.objects if item["metadata"].get("namespace", names.NAMESPACE) != names.NAMESPACE
    ]
    assert {(item["kind"], item["metadata"]["name"], item["metadata"]["namespace"]) for item in elsewhere} == {
        (kind, "conveyor-system-reader", own_cluster.SYSTEM_NAMESPACE) for kind in ("Role", "RoleBinding")
    }


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("Namespace", {names.NAMESPACE}),
        ("Deployment", set(names.DEPLOYMENTS)),
        ("StatefulSet", set(names.STATEFULSETS)),
        ("DaemonSet", set(names.DAEMONSETS)),
        ("HorizontalPodAutoscaler", set(names.HPAS.values())),
        ("Service", {*names.SERVICE_PORTS, "kafka-headless", "influxdb-headless"}),
    ],
)
def test_names(manifests: Any, kind: str, wanted: set[str]) -> None:
    assert manifests.names(kind) == wanted


@pytest.mark.parametrize("app", names.WORKLOADS)
def test_pods_carry_their_app_as_label_and_container_name(manifests: Any, app: str) -> None:
    workload = manifests.workload(app)
    assert workload["spec"]["selector"]["matchLabels"] == {"app": app}
    assert workload["spec"]["template"]["metadata"]["labels"] == {"app": app}
    assert manifests.container(app)["name"] == app


@pytest.mark.parametrize("service", names.SERVICE_PORTS)
def test_service_ports_lead_to_a_named_port_of_the_pod(manifests: Any, service: str) -> None:
    spec = manifests.one("Service", service)["spec"]
    [port] = spec["ports"]
    ports = {entry["name"]: entry["containerPort"] for entry in manifests.container(spec["selector"]["app"])["ports"]}
    assert port["port"] == names.SERVICE_PORTS[service] == ports[port["targetPort"]]


@pytest.mark.parametrize("app", names.STATEFULSETS)
def test_stateful_sets_have_a_headless_service_and_keep_their_data(manifests: Any, app: str) -> None:
    spec = manifests.workload(app)["spec"]
    headless = manifests.one("Service", spec["serviceName"])["spec"]
    assert (headless["clusterIP"], headless["selector"]) == ("None", {"app": app})
    [claim] = spec["volumeClaimTemplates"]
    assert claim["metadata"]["name"] == "data"
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}


@pytest.mark.parametrize(("app", "hpa"), names.HPAS.items())
def test_autoscalers(manifests: Any, app: str, hpa: str) -> None:
    spec = manifests.one("HorizontalPodAutoscaler", hpa)["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": app}
    assert (spec["minReplicas"], spec["maxReplicas"]) == (1, 5)
    assert spec["metrics"][0]["resource"]["target"]["averageUtilization"] == 70
    behavior = spec["behavior"]
    assert behavior["scaleUp"]["stabilizationWindowSeconds"] == 15
    assert behavior["scaleDown"]["stabilizationWindowSeconds"] == 300
    assert "replicas" not in manifests.workload(app)["spec"], "the autoscaler would be overruled at every deploy"


def test_pipeline_config(manifests: Any) -> None:
    data = manifests.one("ConfigMap", names.CONFIG_MAP)["data"]
    kafka, influxdb = names.KAFKA_SERVICE, names.INFLUXDB_SERVICE
    assert data["KAFKA_BROKER"] == f"{kafka}:{names.SERVICE_PORTS[kafka]}"
    assert data["INFLUXDB_URL"] == f"https://{influxdb}:{names.SERVICE_PORTS[influxdb]}"
    assert (data["KAFKA_TOPIC"], data["KAFKA_DEAD_LETTER_TOPIC"]) == (names.TOPIC, names.DEAD_LETTER_TOPIC)
    assert (data["KAFKA_PARTITIONS"], data["KAFKA_GROUP"]) == (str(names.TOPIC_PARTITIONS), names.CONSUMER_GROUP)
    assert (data["INFLUXDB_ORG"], data["INFLUXDB_BUCKET"]) == (names.INFLUXDB_ORG, names.INFLUXDB_BUCKET)


def test_the_broker_advertises_the_name_of_its_pod(manifests: Any) -> None:
    properties = manifests.one("ConfigMap", "kafka-config")["data"]["server.properties"]
    host = f"{roles.KAFKA}-0.{roles.KAFKA}-headless.{names.NAMESPACE}.svc.cluster.local"
    assert f"advertised.listeners=PLAINTEXT://{host}:{names.SERVICE_PORTS[names.KAFKA_SERVICE]}" in properties


def test_dashboard(manifests: Any) -> None:
    dashboard = json.loads(manifests.one("ConfigMap", "grafana-dashboards")["data"]["ca3-pipeline-metrics.json"])
    assert (dashboard["title"], dashboard["uid"]) == (names.DASHBOARD, names.DASHBOARD_UID)
    assert {panel["id"]: panel["title"] for panel in dashboard["panels"]} == dict(Pipeline.load().dashboard.panels)
    uids = {target["datasource"]["uid"] for panel in dashboard["panels"] for target in panel["targets"]}
    assert uids == set(names.DATASOURCES.values())


def test_data_sources(manifests: Any) -> None:
    provisioned = yaml.safe_load(manifests.one("ConfigMap", "grafana-config")["data"]["datasources.yaml"])
    services = {
        "prometheus": (names.PROMETHEUS_SERVICE, "http"),
        "loki": (names.LOKI_SERVICE, "http"),
        "influxdb": (names.INFLUXDB_SERVICE, "https"),
    }
    urls = {uid: f"{scheme}://{host}:{names.SERVICE_PORTS[host]}" for uid, (host, scheme) in services.items()}
    assert {source["uid"]: source["url"] for source in provisioned["datasources"]} == urls
    assert not any(source["jsonData"].get("tlsSkipVerify") for source in provisioned["datasources"])


def test_prometheus_knows_every_app(manifests: Any) -> None:
    config = yaml.safe_load(manifests.one("ConfigMap", "prometheus-config")["data"]["prometheus.yml"])
    kept: set[str] = set()
    for job in config["scrape_configs"]:
        for rule in job["relabel_configs"]:
            if rule.get("source_labels") == ["__meta_kubernetes_pod_label_app"] and rule.get("action") == "keep":
                kept |= set(rule["regex"].split("|"))
    assert kept == set(names.WORKLOADS)


def test_log_labels_are_indexed(manifests: Any) -> None:
    loki = yaml.safe_load(manifests.one("ConfigMap", "loki-config")["data"]["loki.yaml"])
    indexed, *_ = loki["limits_config"]["otlp_config"]["resource_attributes"]["attributes_config"]
    assert indexed == {"action": "index_label", "attributes": ["namespace", "app", "pod", "container"]}


@pytest.mark.parametrize(
    ("pod", "app"),
    [
        ("producer-6d5f7c9b4-x7k2p", "producer"),
        ("processor-58b6d7f9c8-zzzzz", "processor"),
        ("kafka-0", "kafka"),
        ("influxdb-0", "influxdb"),
        ("log-shipper-9wq4z", "log-shipper"),
        ("grafana-7f9d5b6c4d-2vbnm", "grafana"),
    ],
)
def test_the_log_shipper_takes_the_app_from_the_pod(manifests: Any, pod: str, app: str) -> None:
    config = yaml.safe_load(manifests.one("ConfigMap", "log-shipper-config")["data"]["otelcol.yaml"])
    [parser] = [step for step in config["receivers"]["filelog"]["operators"] if step["type"] == "regex_parser"]
    found = re.search(parser["regex"], pod)
    assert found
    assert found["app"] == app


def test_chaos_is_allowed_in_the_suites_own_cluster_only(manifests: Any, base: Any) -> None:
    assert manifests.one("Namespace", names.NAMESPACE)["metadata"]["labels"]["conveyor.io/chaos"] == "allowed"
    assert "conveyor.io/chaos" not in base.one("Namespace", names.NAMESPACE)["metadata"]["labels"]


def test_no_secret_is_in_the_repository(manifests: Any) -> None:
    assert not manifests.of("Secret")
    for file in (*(MANIFESTS / "base").rglob("*"), *(MANIFESTS / "overlays").rglob("*")):
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        assert "PRIVATE KEY" not in text, file
        assert not re.search(r"(?i)(password|token)\s*[:=]\s*['\"]?[A-Za-z0-9+/_-]{16,}", text), file
