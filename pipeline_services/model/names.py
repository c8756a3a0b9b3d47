"""The pipeline's names, each of which stands here once. The manifests are held to them by a test."""

from __future__ import annotations

from typing import Final

from pipeline_services.model import roles

NAMESPACE: Final = "conveyor-pipeline"

DEPLOYMENTS: Final = (roles.PRODUCER, roles.PROCESSOR, roles.PROMETHEUS, roles.GRAFANA, roles.LOKI)
STATEFULSETS: Final = (roles.KAFKA, roles.INFLUXDB)
DAEMONSETS: Final = (roles.LOG_SHIPPER,)
WORKLOADS: Final = (*DEPLOYMENTS, *STATEFULSETS, *DAEMONSETS)
HPAS: Final = {roles.PRODUCER: "producer-hpa", roles.PROCESSOR: "processor-hpa"}

KAFKA_SERVICE: Final = "kafka-service"
INFLUXDB_SERVICE: Final = "influxdb-service"
PROMETHEUS_SERVICE: Final = "prometheus-service"
GRAFANA_SERVICE: Final = "grafana-service"
LOKI_SERVICE: Final = "loki-service"
SERVICE_PORTS: Final = {
    KAFKA_SERVICE: 9092,
    INFLUXDB_SERVICE: 8086,
    PROMETHEUS_SERVICE: 9090,
    GRAFANA_SERVICE: 3000,
    LOKI_SERVICE: 3100,
}

CONFIG_MAP: Final = "pipeline-config"
PIPELINE_SECRET: Final = "pipeline-secrets"
TLS_SECRET: Final = "influxdb-tls"
READ_SECRET: Final = "influxdb-read"
ADMIN_SECRET: Final = "influxdb-admin"

TOPIC: Final = "sensor-readings"
DEAD_LETTER_TOPIC: Final = "sensor-readings-dead-letter"
TOPIC_PARTITIONS: Final = 6
CONSUMER_GROUP: Final = "data-processor-group"

INFLUXDB_ORG: Final = "conveyor"
INFLUXDB_BUCKET: Final = "sensor-data"
MEASUREMENT: Final = "conveyor_reading"

DASHBOARD: Final = "CA3 Pipeline Metrics"
DASHBOARD_UID: Final = "ca3-pipeline-metrics"
DATASOURCES: Final = {roles.PROMETHEUS: "prometheus", roles.LOKI: "loki", roles.INFLUXDB: "influxdb"}
