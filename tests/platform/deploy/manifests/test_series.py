"""What Prometheus scrapes says of which namespace it is, and what the dashboard shows is limited to the pipeline's."""

from __future__ import annotations

import json
from typing import Any

import yaml

from pipeline_services.model.pipeline import Pipeline
from tests.promql import selectors

NAMESPACE = Pipeline.load().namespace


def test_every_scraped_series_says_of_which_namespace_it_is(manifests: Any) -> None:
    for job in config(manifests, "prometheus.yml")["scrape_configs"]:
        [discovery] = job["kubernetes_sd_configs"]
        if discovery["role"] == "pod":
            assert discovery["namespaces"]["names"] == [NAMESPACE], job["job_name"]
            wanted = {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"}
            assert wanted in job["relabel_configs"], job["job_name"]
        else:  # the kubelet's own label; what has none or another is dropped
            kept = [rule for rule in job["metric_relabel_configs"] if "namespace" in rule.get("source_labels", [])]
            assert [rule["regex"].split(";")[0] for rule in kept] == [NAMESPACE], job["job_name"]
            assert kept[0]["action"] == "keep"


def test_recorded_series_keep_their_namespace(manifests: Any) -> None:
    for group in config(manifests, "rules.yml")["groups"]:
        for rule in group["rules"]:
            assert rule["expr"].startswith("sum by (namespace) ("), rule["record"]


def test_the_dashboard_shows_the_pipeline_s_own_series(manifests: Any) -> None:
    dashboard = json.loads(manifests.one("ConfigMap", "grafana-dashboards")["data"]["ca3-pipeline-metrics.json"])
    targets = [target for panel in dashboard["panels"] for target in panel["targets"]]
    queries = [target["expr"] for target in targets if target["datasource"]["type"] == "prometheus"]
    assert queries
    for query in queries:
        for metric, matchers in selectors(query):
            assert f'namespace="{NAMESPACE}"' in matchers, metric


def config(manifests: Any, file: str) -> Any:
    return yaml.safe_load(manifests.one("ConfigMap", "prometheus-config")["data"][file])
