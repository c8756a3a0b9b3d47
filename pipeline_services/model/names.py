"""The pipeline's names, each of which stands here once. The manifests are held to them by a test."""

from __future__ import annotations

from typing import Final

NAMESPACE: Final = "conveyor-pipeline"
SYSTEM_NAMESPACE: Final = "kube-system"
CLUSTER: Final = "conveyor"
CONTEXT: Final = "kind-conveyor"
READER_ACCOUNT: Final = "daily-reader"

PRODUCER: Final = "producer"
PROCESSOR: Final = "processor"
KAFKA: Final = "kafka"
INFLUXDB: Final = "influxdb"
PROMETHEUS: Final = "prometheus"
GRAFANA: Final = "grafana"
LOKI: Final = "loki"
LOG_SHIPPER: Final = "log-shipper"

DATA_PATH: Final = (PRODUCER, PROCESSOR, KAFKA, INFLUXDB)
"""What a reading passes through; the others only watch."""

DEPLOYMENTS: Final = (PRODUCER, PROCESSOR, PROMETHEUS, GRAFANA, LOKI)
STATEFULSETS: Final = (KAFKA, INFLUXDB)
DAEMONSETS: Final = (LOG_SHIPPER,)
WORKLOADS: Final = (*DEPLOYMENTS, *STATEFULSETS, *DAEMONSETS)
HPAS: Final = {PRODUCER: "producer-hpa", PROCESSOR: "processor-hpa"}

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
DATASOURCES: Final = {PROMETHEUS: "prometheus", LOKI: "loki", INFLUXDB: "influxdb"}

BACKUP_TESTED: Final = "conveyor.io/backup-tested"
"""Annotation of InfluxDB's volume claim: when a backup was last restored, and how many readings came back (JSON)."""
