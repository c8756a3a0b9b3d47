"""Rows about what is configured: ConfigMap and Secrets, policies and services, autoscalers."""

from __future__ import annotations

from typing import Final

from chaos.faults import autoscalers, certificates, configuration, network, workloads
from chaos.matrix.rows import Row, finding
from pipeline_services.model import names, roles

KAFKA_SETTING: Final = ("test_settings_lead_to[kafka]",)

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
        ("test_settings_lead_to[influxdb]",),
    ),
    Row(
        "secret-missing",
        configuration.secret_missing(names.READ_SECRET),
        (finding("config", "reference-missing"),),
        ("test_references_exist", "test_secrets_complete"),
    ),
    Row(
        "certificate-not-loaded",
        certificates.replaced(certificates.renewed, "a new certificate that InfluxDB has not loaded"),
        (finding(roles.INFLUXDB, "certificate-not-loaded"),),
        ("test_certificate_served",),
        also=frozenset({"certificate-wrong"}),
        sample=True,
    ),
    Row(
        "autoscaler-missing",
        autoscalers.missing("producer-hpa"),
        (finding("hpa", "autoscaler-missing"),),
        ("test_hpa_set_as_documented[producer-hpa]",),
        sample=True,
    ),
    Row(
        "autoscaler-bounds-wrong",
        autoscalers.bounds("processor-hpa", 2),
        (finding("hpa", "autoscaler-wrong"),),
        ("test_hpa_set_as_documented[processor-hpa]",),
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
        ("test_network_denies_by_default",),
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
        ("test_network_allows[producer-kafka]",),
        ripens=30.0,
    ),
    Row(
        "policy-processor-cut-off",
        network.cut_off("processor-to-influxdb", but="processor-to-kafka"),
        (finding("network", "policy-blocks"),),
        ("test_network_allows[processor-influxdb]",),
        sample=True,
        ripens=30.0,
    ),
    Row(
        "policy-kafka-closed",
        network.ingress_closed("processor-to-kafka"),
        (finding("network", "policy-blocks"),),
        ("test_network_allows[processor-kafka]", "test_network_allows[producer-kafka]"),
        ripens=30.0,
    ),
    Row(
        "service-grafana-missing",
        network.service_missing(names.GRAFANA_SERVICE),
        (finding("network", "service-missing"),),
        ("test_service_has_endpoint[grafana-service]",),
    ),
    Row(
        "service-kafka-missing",
        network.service_missing(names.KAFKA_SERVICE),
        (finding("network", "service-missing"),),
        ("test_service_has_endpoint[kafka-service]",),
        ripens=15.0,
    ),
    Row(
        "service-influxdb-selects-nothing",
        network.service_without_pods(names.INFLUXDB_SERVICE, roles.PROCESSOR, but="processor-to-influxdb"),
        (finding("network", "service-selects-nothing"),),
        ("test_service_has_endpoint[influxdb-service]",),
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
        ("test_producer_load_set",),
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
        ("test_references_exist",),
        ripens=30.0,
    ),
    Row(
        "secret-key-renamed",
        configuration.secret_key_renamed(names.PIPELINE_SECRET, "INFLUXDB_TOKEN", "INFLUX_TOKEN", roles.PROCESSOR),
        (finding("config", "reference-missing"),),
        ("test_references_exist",),
        ripens=30.0,
    ),
    Row(
        "token-revoked",
        configuration.wrong_token,
        (finding("config", "token-refused"),),
        ("test_token_accepted[influxdb-token]",),
        ripens=30.0,
    ),
    Row(
        "quota-used-up",
        workloads.quota_used_up(roles.PRODUCER),
        (finding("config", "quota-exceeded"),),
        ripens=30.0,
    ),
)
