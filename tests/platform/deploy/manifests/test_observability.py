"""What watches the pipeline looks where the description says: scraped ports, data sources, dashboard, log labels."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from pipeline_services.model import roles
from pipeline_services.model.k8s import quantity
from pipeline_services.model.pipeline import Pipeline

PIPELINE = Pipeline.load()
DASHBOARD = PIPELINE.dashboard
APP = "__meta_kubernetes_pod_label_app"
PORT = "__meta_kubernetes_pod_container_port_name"


def test_prometheus_scrapes_each_component_on_its_port(manifests: Any) -> None:
    config = config_file(manifests, "prometheus-config", "prometheus.yml")
    scraped: dict[str, set[int]] = {}
    for job in config["scrape_configs"]:
        for component, part in PIPELINE.workloads.items():
            if part.selector["app"] in kept(job, APP):
                assert job["kubernetes_sd_configs"] == [{"role": "pod", "namespaces": {"names": [PIPELINE.namespace]}}]
                ports = manifests.container(part.workload)["ports"]
                found = {port["containerPort"] for port in ports if port["name"] in kept(job, PORT)}
                scraped[component] = scraped.get(component, set()) | found
    described = {component: part.metrics_port for component, part in PIPELINE.workloads.items() if part.metrics_port}
    assert scraped == {component: {port} for component, port in described.items()}


def kept(job: dict[str, Any], label: str) -> set[str]:
    """The values of a label that a scrape job keeps."""
    rules = job.get("relabel_configs", [])
    found = [rule["regex"] for rule in rules if rule.get("action") == "keep" and rule["source_labels"] == [label]]
    return {value for regex in found for value in regex.split("|")}


def test_prometheus_calls_influxdb_by_the_name_in_its_certificate(manifests: Any) -> None:
    jobs = config_file(manifests, "prometheus-config", "prometheus.yml")["scrape_configs"]
    [job] = [job for job in jobs if job["job_name"] == roles.INFLUXDB]
    assert job["tls_config"]["server_name"] == PIPELINE.service(roles.INFLUXDB).name


def test_data_sources(manifests: Any) -> None:
    provisioned = config_file(manifests, "grafana-config", "datasources.yaml")["datasources"]
    wanted = {uid: PIPELINE.service(component).url for component, uid in DASHBOARD.datasources.items()}
    assert {source["uid"]: source["url"] for source in provisioned} == wanted
    assert not any(source["jsonData"].get("tlsSkipVerify") for source in provisioned)


def test_dashboard(manifests: Any) -> None:
    dashboard = shown(manifests)
    assert (dashboard["title"], dashboard["uid"]) == (DASHBOARD.title, DASHBOARD.uid)
    assert {panel["id"]: panel["title"] for panel in dashboard["panels"]} == dict(DASHBOARD.panels)
    uids = {target["datasource"]["uid"] for panel in dashboard["panels"] for target in panel["targets"]}
    assert uids == set(DASHBOARD.datasources.values())


def test_every_query_of_the_dashboard_is_limited_to_the_pipeline(manifests: Any) -> None:
    for panel in shown(manifests)["panels"]:
        for target in panel["targets"]:
            if target["datasource"]["uid"] == DASHBOARD.datasources[roles.INFLUXDB]:
                assert f'from(bucket: "{PIPELINE.store.bucket}")' in target["query"], panel["title"]
                assert f'r._measurement == "{PIPELINE.store.measurement}"' in target["query"], panel["title"]
            else:
                assert f'namespace="{PIPELINE.namespace}"' in target["expr"], panel["title"]


def test_logs_are_shipped_to_loki_and_their_labels_indexed(manifests: Any) -> None:
    shipper = config_file(manifests, "log-shipper-config", "otelcol.yaml")
    assert shipper["exporters"]["otlphttp"]["endpoint"] == f"{PIPELINE.service(roles.LOKI).url}/otlp"
    loki = config_file(manifests, "loki-config", "loki.yaml")
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
    config = config_file(manifests, "log-shipper-config", "otelcol.yaml")
    [parser] = [step for step in config["receivers"]["filelog"]["operators"] if step["type"] == "regex_parser"]
    found = re.search(parser["regex"], pod)
    assert found
    assert found["app"] == app


def config_file(manifests: Any, config_map: str, file: str) -> Any:
    return yaml.safe_load(manifests.one("ConfigMap", config_map)["data"][file])


def shown(manifests: Any) -> dict[str, Any]:
    """Grafana's dashboard as it is provisioned."""
    return dict(json.loads(manifests.one("ConfigMap", "grafana-dashboards")["data"]["ca3-pipeline-metrics.json"]))


def test_prometheus_remembers_a_month_within_its_volume(manifests: Any) -> None:
    command = manifests.container(PIPELINE[roles.PROMETHEUS].workload)["command"]
    options = dict(word.split("=", 1) for word in command if word.startswith("--storage"))
    assert options["--storage.tsdb.path"] == PIPELINE[roles.PROMETHEUS].mount
    assert options["--storage.tsdb.retention.time"] == "35d"
    limit = int(options["--storage.tsdb.retention.size"].removesuffix("GB")) * 1024**3
    claim = manifests.one("PersistentVolumeClaim", PIPELINE[roles.PROMETHEUS].volume)
    assert limit <= 0.8 * quantity(claim["spec"]["resources"]["requests"]["storage"]), (
        "the head and the WAL come on top"
    )
