"""What watches the pipeline: Prometheus, Grafana, Loki and the log shipper."""

from __future__ import annotations

from typing import Final

from chaos.fault_builders import observability, processes, workloads
from pipeline_services.checklist import checks
from pipeline_services.experiment.scenario import Scenario, finding
from pipeline_services.model import roles

GRAFANA_SOURCES_WRONG: Final = observability.rewritten(
    roles.GRAFANA,
    "grafana-config",
    "datasources.yaml",
    observability.host_replaced(roles.LOKI),
    summary="Grafana looks for Loki where there is none",
)

DIAGNOSIS: Final = (
    Scenario(
        "grafana-scaled-to-zero",
        workloads.scaled(roles.GRAFANA, 0),
        (finding(roles.GRAFANA, "scaled-to-zero"),),
        (checks.PODS_READY.of("grafana"), checks.SERVICE_HAS_ENDPOINT.of("{service:grafana}")),
        sample=True,
    ),
    Scenario(
        "grafana-source-wrong",
        GRAFANA_SOURCES_WRONG,
        (finding(roles.GRAFANA, "datasource-broken"),),
        (checks.GRAFANA_DATASOURCE_ANSWERS.of("loki"),),
    ),
    Scenario(
        "grafana-dashboard-damaged",
        observability.rewritten(
            roles.GRAFANA,
            "grafana-dashboards",
            "{dashboard}.json",
            observability.fewer_panels,
            summary="the dashboard has lost most of its panels",
        ),
        (finding(roles.GRAFANA, "dashboard-damaged"),),
        (checks.GRAFANA_DASHBOARD_COMPLETE,),
    ),
    Scenario(
        "loki-scaled-to-zero",
        workloads.scaled(roles.LOKI, 0),
        (finding(roles.LOKI, "scaled-to-zero"),),
        (checks.PODS_READY.of("loki"), checks.SERVICE_HAS_ENDPOINT.of("{service:loki}")),
        min_duration_s=20.0,
    ),
    Scenario(
        "loki-claim-unbound",
        workloads.claim_unbound(roles.LOKI, "data"),
        (finding("storage", "volume-unbound"),),
        may_blame=frozenset({roles.LOKI}),
        sample=True,
        min_duration_s=20.0,
    ),
    Scenario(
        "log-shipper-nowhere",
        workloads.log_shipper_without_node,
        (finding(roles.LOKI, "placement-impossible", "logs-not-shipped"),),
        (checks.PODS_READY.of("loki"),),
        sample=True,
        min_duration_s=20.0,
    ),
    Scenario(
        "log-shipper-astray",
        observability.rewritten(
            roles.LOG_SHIPPER,
            "log-shipper-config",
            "otelcol.yaml",
            observability.host_replaced(roles.LOKI),
            summary="the log shipper sends to where no Loki is",
        ),
        (finding(roles.LOKI, "logs-not-shipped"),),
        deadline_s=150.0,
    ),
    Scenario(
        "loki-takes-too-little",
        observability.rewritten(
            roles.LOKI,
            "loki-config",
            "loki.yaml",
            observability.limited(ingestion_rate_mb=0.001, ingestion_burst_size_mb=0.001),
            summary="Loki takes a thousand bytes of logs a second",
        ),
        (finding(roles.LOKI, "not-as-declared", "logs-not-shipped"),),
        (checks.SET_AS_DECLARED.of("loki"),),
        deadline_s=150.0,
        min_duration_s=60.0,
    ),
    Scenario(
        "prometheus-hung",
        processes.process_stopped(roles.PROMETHEUS),
        (finding(roles.PROMETHEUS, "process-hung", "process-crashed"),),
        before_landed=True,
    ),
    Scenario(
        "prometheus-job-missing",
        observability.rewritten(
            roles.PROMETHEUS,
            "prometheus-config",
            "prometheus.yml",
            observability.without_job("apps"),
            summary="Prometheus has lost the job of the apps",
        ),
        (finding(roles.PROMETHEUS, "scrape-failing"),),
        (checks.PODS_SCRAPED.of("producer"), checks.PODS_SCRAPED.of("processor")),
        deadline_s=120.0,
    ),
    Scenario(
        "prometheus-file-damaged",
        observability.prometheus_file_damaged,
        (finding(roles.PROMETHEUS, "not-as-declared", "crash-loop", "container-cannot-start", "setting-wrong"),),
        (checks.PODS_READY.of("prometheus"),),
        min_duration_s=30.0,
    ),
    Scenario(
        "prometheus-scaled-to-zero",
        workloads.scaled(roles.PROMETHEUS, 0),
        (finding(roles.PROMETHEUS, "scaled-to-zero"),),
        (checks.PODS_READY.of("prometheus"), checks.SERVICE_HAS_ENDPOINT.of("{service:prometheus}")),
        sample=True,
        min_duration_s=30.0,
    ),
)
