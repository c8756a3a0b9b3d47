"""Thin clients of everything outside: Kubernetes API, Kafka, InfluxDB, Prometheus, Grafana, Loki, container engine."""
