"""ConfigMap, Secrets and quota: wrong or missing, before and after pods are started with them."""

from __future__ import annotations

from typing import Final

from chaos.fault_builders import certificates, configuration, workloads
from chaos.fault_builders.common import with_own_apps
from pipeline_services.checklist import checks
from pipeline_services.experiment.scenario import Scenario, finding
from pipeline_services.model import roles

NO_TOPIC: Final = workloads.NO_START | configuration.NO_SETTINGS
"""What becomes of a pod that has no such key: the kubelet misses it, or the app does."""
KAFKA_SETTING: Final = (checks.SETTINGS_LEAD_TO.of("kafka"),)

NOT_LOADED: Final = (
    Scenario(
        "config-port-wrong",
        configuration.changed(KAFKA_BROKER="{service:kafka}:9093"),
        (finding("config", "setting-wrong"),),
        KAFKA_SETTING,
        sample=True,
    ),
    Scenario(
        "config-topic-wrong",
        configuration.changed(KAFKA_TOPIC="sensor-reading"),
        (finding("config", "setting-wrong"),),
        KAFKA_SETTING,
    ),
    Scenario(
        "config-group-wrong",
        configuration.changed(KAFKA_GROUP="data-processors"),
        (finding("config", "setting-wrong"),),
        KAFKA_SETTING,
    ),
    Scenario(
        "config-bucket-wrong",
        configuration.changed(INFLUXDB_BUCKET="sensors"),
        (finding("config", "setting-wrong"),),
        (checks.SETTINGS_LEAD_TO.of("influxdb"),),
    ),
    Scenario(
        "secret-missing",
        configuration.read_token_missing,
        (finding("config", "reference-missing"),),
        (checks.REFERENCES_EXIST, checks.SECRETS_COMPLETE),
    ),
    Scenario(
        "certificate-not-loaded",
        certificates.replaced(certificates.renewed, "a new certificate that InfluxDB has not loaded"),
        (finding(roles.INFLUXDB, "certificate-not-loaded"),),
        (checks.CERTIFICATE_SERVED,),
        further_causes=frozenset({"certificate-wrong"}),
        sample=True,
    ),
)
"""No pod has been started with it yet."""
LOADED: Final = (
    Scenario(
        "config-rate-zero",
        configuration.changed_and_loaded(roles.PRODUCER, workloads.NO_START, PRODUCER_RATE="0"),
        (finding("config", "load-setting-wrong"),),
        (checks.PRODUCER_LOAD_SET,),
        min_duration_s=30.0,
    ),
    Scenario(
        "config-key-missing",
        configuration.changed_and_loaded(roles.PRODUCER, NO_TOPIC, KAFKA_TOPIC=None),
        (finding("config", "setting-wrong", "reference-missing"),),
        KAFKA_SETTING,
        min_duration_s=15.0,
    ),
    Scenario(
        "config-broker-wrong",
        with_own_apps(
            configuration.changed_and_loaded(roles.PRODUCER, workloads.NO_START, KAFKA_BROKER="kafka-servise:9092"),
            "whether they end where there is no such broker is not known",
        ),
        (finding("config", "setting-wrong"),),
        KAFKA_SETTING,
        min_duration_s=45.0,
    ),
    Scenario(
        "config-map-missing",
        configuration.config_map_missing(roles.PRODUCER),
        (finding("config", "reference-missing"),),
        (checks.REFERENCES_EXIST,),
        min_duration_s=30.0,
    ),
    Scenario(
        "secret-key-renamed",
        configuration.write_token_renamed("INFLUX_TOKEN"),
        (finding("config", "reference-missing"),),
        (checks.REFERENCES_EXIST,),
        min_duration_s=30.0,
    ),
    Scenario(
        "token-revoked",
        configuration.wrong_token,
        (finding("config", "token-refused"),),
        (checks.TOKEN_ACCEPTED.of("influxdb_token"),),
        min_duration_s=30.0,
    ),
    Scenario(
        "processor-holds-another-bucket",
        configuration.loaded_and_put_back(roles.PROCESSOR, "not-found", INFLUXDB_BUCKET="sensors"),
        (finding(roles.PROCESSOR, "pod-holds-old-setting"),),
        deadline_s=90.0,
        min_duration_s=30.0,
    ),
    Scenario(
        "quota-used-up",
        workloads.quota_used_up(roles.PRODUCER),
        (finding("config", "quota-exceeded"),),
        min_duration_s=30.0,
    ),
)
"""Pods have been started with it."""
