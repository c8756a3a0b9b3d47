"""Rows about what is configured: ConfigMap and Secrets, policies and services, autoscalers."""

from __future__ import annotations

from typing import Final

from chaos.faults import autoscalers, certificates, configuration, network, workloads
from chaos.matrix.rows import Row, finding
from pipeline_services.checklist import checks
from pipeline_services.model import names, roles

KAFKA_SETTING: Final = (checks.SETTINGS_LEAD_TO.of("kafka"),)

ROWS: Final = (
    Row(
        "config-port-wrong",
        configuration.changed(KAFKA_BROKER="kafka-service:9093"),
        (finding("config", "setting-wrong"),),
        KAFKA_SETTING,
        sample=True,
    ),
    Row(
        "config-topic-wrong",
        configuration.changed(KAFKA_TOPIC="sensor-reading"),
        (finding("config", "setting-wrong"),),
        KAFKA_SETTING,
    ),
    Row(
        "config-group-wrong",
        configuration.changed(KAFKA_GROUP="data-processors"),
        (finding("config", "setting-wrong"),),
        KAFKA_SETTING,
    ),
    Row(
        "config-bucket-wrong",
        configuration.changed(INFLUXDB_BUCKET="sensors"),
        (finding("config", "setting-wrong"),),
        (checks.SETTINGS_LEAD_TO.of("influxdb"),),
    ),
    Row(
        "secret-missing",
        configuration.secret_missing(names.READ_SECRET),
        (finding("config", "reference-missing"),),
        (checks.REFERENCES_EXIST, checks.SECRETS_COMPLETE),
    ),
    Row(
        "certificate-not-loaded",
        certificates.replaced(certificates.renewed, "a new certificate that InfluxDB has not loaded"),
        (finding(roles.INFLUXDB, "certificate-not-loaded"),),
        (checks.CERTIFICATE_SERVED,),
        also=frozenset({"certificate-wrong"}),
        sample=True,
    ),
    Row(
        "autoscaler-missing",
        autoscalers.missing("producer-hpa"),
        (finding("hpa", "autoscaler-missing"),),
        (checks.HPA_SET_AS_DOCUMENTED.of("producer-hpa"),),
        sample=True,
    ),
    Row(
        "autoscaler-bounds-wrong",
        autoscalers.bounds("processor-hpa", 2),
        (finding("hpa", "autoscaler-wrong"),),
        (checks.HPA_SET_AS_DOCUMENTED.of("processor-hpa"),),
    ),
    Row(
        "autoscaler-target-wrong",
        autoscalers.target("processor-hpa", "procesor"),
        (finding("hpa", "autoscaler-wrong"),),
    ),
    Row(
        "policy-default-deny-missing",
        network.no_default_deny,
        (finding("network", "policy-too-loose"),),
        (checks.NETWORK_DENIES_BY_DEFAULT,),
    ),
    Row(
        "policy-allows-everything",
        network.all_allowed,
        (finding("network", "policy-too-loose"),),
    ),
    Row(
        "policy-names-blocked",
        network.dns_not_allowed(roles.PRODUCER, but="producer-to-kafka"),
        (finding("network", "policy-blocks"),),
        affected=frozenset({"dns"}),
        ripens=20.0,
    ),
    Row(
        "policy-producer-missing",
        network.policy_missing("producer", "producer-to-kafka"),
        (finding("network", "policy-blocks"),),
        (checks.NETWORK_ALLOWS.of("producer-kafka"),),
        ripens=30.0,
    ),
    Row(
        "policy-processor-cut-off",
        network.cut_off("processor-to-influxdb", but="processor-to-kafka"),
        (finding("network", "policy-blocks"),),
        (checks.NETWORK_ALLOWS.of("processor-influxdb"),),
        sample=True,
        ripens=30.0,
    ),
    Row(
        "policy-kafka-closed",
        network.ingress_closed("processor-to-kafka"),
        (finding("network", "policy-blocks"),),
        (checks.NETWORK_ALLOWS.of("processor-kafka"), checks.NETWORK_ALLOWS.of("producer-kafka")),
        ripens=30.0,
    ),
    Row(
        "service-grafana-missing",
        network.service_missing(names.GRAFANA_SERVICE),
        (finding("network", "service-missing"),),
        (checks.SERVICE_HAS_ENDPOINT.of("grafana-service"),),
    ),
    Row(
        "service-kafka-missing",
        network.service_missing(names.KAFKA_SERVICE),
        (finding("network", "service-missing"),),
        (checks.SERVICE_HAS_ENDPOINT.of("kafka-service"),),
        ripens=15.0,
    ),
    Row(
        "service-influxdb-selects-nothing",
        network.service_without_pods(names.INFLUXDB_SERVICE, roles.PROCESSOR, but="processor-to-influxdb"),
        (finding("network", "service-selects-nothing"),),
        (checks.SERVICE_HAS_ENDPOINT.of("influxdb-service"),),
        ripens=30.0,
    ),
    Row(
        "service-influxdb-port-wrong",
        network.service_port_wrong(names.INFLUXDB_SERVICE, 8087, roles.PROCESSOR),
        (finding("network", "service-port-wrong"),),
        ripens=30.0,
    ),
    Row(
        "config-rate-zero",
        configuration.changed_and_loaded(roles.PRODUCER, workloads.NO_START, PRODUCER_RATE="0"),
        (finding("config", "load-setting-wrong"),),
        (checks.PRODUCER_LOAD_SET,),
        ripens=30.0,
    ),
    Row(
        "config-key-missing",
        configuration.changed_and_loaded(roles.PRODUCER, workloads.NO_START, KAFKA_TOPIC=None),
        (finding("config", "setting-wrong", "reference-missing"),),
        KAFKA_SETTING,
        ripens=15.0,
    ),
    Row(
        "config-broker-wrong",
        configuration.changed_and_loaded(roles.PRODUCER, workloads.NO_START, KAFKA_BROKER="kafka-servise:9092"),
        (finding("config", "setting-wrong"),),
        KAFKA_SETTING,
        ripens=45.0,
    ),
    Row(
        "config-map-missing",
        configuration.config_map_missing(roles.PRODUCER),
        (finding("config", "reference-missing"),),
        (checks.REFERENCES_EXIST,),
        ripens=30.0,
    ),
    Row(
        "secret-key-renamed",
        configuration.secret_key_renamed(names.PIPELINE_SECRET, "INFLUXDB_TOKEN", "INFLUX_TOKEN", roles.PROCESSOR),
        (finding("config", "reference-missing"),),
        (checks.REFERENCES_EXIST,),
        ripens=30.0,
    ),
    Row(
        "token-revoked",
        configuration.wrong_token,
        (finding("config", "token-refused"),),
        (checks.TOKEN_ACCEPTED.of("influxdb_token"),),
        ripens=30.0,
    ),
    Row(
        "quota-used-up",
        workloads.quota_used_up(roles.PRODUCER),
        (finding("config", "quota-exceeded"),),
        ripens=30.0,
    ),
)
