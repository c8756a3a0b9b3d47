"""Rows about what the pipeline stands on and is watched by: node, DNS, metrics, Prometheus, Grafana, Loki."""

from __future__ import annotations

from typing import Final

from chaos.faults import autoscalers, network, observability, processes, workloads
from chaos.matrix.rows import Row, finding
from pipeline_services.checklist import checks
from pipeline_services.model import names, roles

GRAFANA_SOURCES: Final = observability.rewritten(
    roles.GRAFANA,
    "grafana-config",
    "datasources.yaml",
    observability.host_replaced(names.LOKI_SERVICE),
    "Grafana looks for Loki where there is none",
)

ROWS: Final = (
    Row(
        "node-cordoned",
        workloads.cordoned,
        (finding("node", "node-cordoned"),),
        (checks.NODES_READY,),
        sample=True,
    ),
    Row(
        "node-tainted",
        workloads.tainted,
        (finding("node", "node-tainted"),),
        (checks.NODES_READY,),
    ),
    Row(
        "dns-down",
        network.dns_down,
        (finding("dns", "dns-down"),),
        sample=True,
        ripens=45.0,
    ),
    Row(
        "metrics-server-scaled-to-zero",
        autoscalers.metrics_server_down,
        (finding("hpa", "usage-unknown"),),
        ripens=45.0,
    ),
    Row(
        "grafana-scaled-to-zero",
        workloads.scaled(roles.GRAFANA, 0),
        (finding(roles.GRAFANA, "scaled-to-zero"),),
        (checks.PODS_READY.of("grafana"), checks.SERVICE_HAS_ENDPOINT.of("grafana-service")),
        sample=True,
    ),
    Row(
        "grafana-source-wrong",
        GRAFANA_SOURCES,
        (finding(roles.GRAFANA, "datasource-broken"),),
        (checks.GRAFANA_DATASOURCE_ANSWERS.of("loki"),),
    ),
    Row(
        "grafana-dashboard-damaged",
        observability.rewritten(
            roles.GRAFANA,
            "grafana-dashboards",
            "ca3-pipeline-metrics.json",
            observability.fewer_panels,
            "the dashboard has lost most of its panels",
        ),
        (finding(roles.GRAFANA, "dashboard-damaged"),),
        (checks.GRAFANA_DASHBOARD_COMPLETE,),
    ),
    Row(
        "loki-scaled-to-zero",
        workloads.scaled(roles.LOKI, 0),
        (finding(roles.LOKI, "scaled-to-zero"),),
        (checks.PODS_READY.of("loki"), checks.SERVICE_HAS_ENDPOINT.of("loki-service")),
        ripens=20.0,
    ),
    Row(
        "loki-claim-unbound",
        workloads.claim_unbound(roles.LOKI, "data"),
        (finding("storage", "volume-unbound"),),
        affected=frozenset({roles.LOKI}),
        sample=True,
        ripens=20.0,
    ),
    Row(
        "log-shipper-nowhere",
        workloads.log_shipper_without_node,
        (finding(roles.LOKI, "placement-impossible", "logs-not-shipped"),),
        (checks.PODS_READY.of("loki"),),
        sample=True,
        ripens=20.0,
    ),
    Row(
        "log-shipper-astray",
        observability.rewritten(
            roles.LOG_SHIPPER,
            "log-shipper-config",
            "otelcol.yaml",
            observability.host_replaced(names.LOKI_SERVICE),
            "the log shipper sends to where no Loki is",
        ),
        (finding(roles.LOKI, "logs-not-shipped"),),
        settles=150.0,
    ),
    Row(
        "prometheus-hung",
        processes.process_stopped(roles.PROMETHEUS),
        (finding(roles.PROMETHEUS, "process-hung", "process-crashed"),),
        at_once=True,
    ),
    Row(
        "prometheus-job-missing",
        observability.rewritten(
            roles.PROMETHEUS,
            "prometheus-config",
            "prometheus.yml",
            observability.without_job("apps"),
            "Prometheus has lost the job of the apps",
        ),
        (finding(roles.PROMETHEUS, "scrape-failing"),),
        (checks.PODS_SCRAPED.of("producer"), checks.PODS_SCRAPED.of("processor")),
        settles=120.0,
    ),
    Row(
        "prometheus-file-damaged",
        observability.prometheus_file_damaged,
        (finding(roles.PROMETHEUS, "crash-loop", "container-cannot-start", "setting-wrong"),),
        (checks.PODS_READY.of("prometheus"),),
        ripens=30.0,
    ),
    Row(
        "prometheus-scaled-to-zero",
        workloads.scaled(roles.PROMETHEUS, 0),
        (finding(roles.PROMETHEUS, "scaled-to-zero"),),
        (checks.PODS_READY.of("prometheus"), checks.SERVICE_HAS_ENDPOINT.of("prometheus-service")),
        sample=True,
        ripens=30.0,
    ),
)
