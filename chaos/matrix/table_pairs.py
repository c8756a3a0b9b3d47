"""Rows of several faults at once, each of which has to be named; and rows whose traces last, played at the end."""

from __future__ import annotations

from typing import Final

from chaos.faults import autoscalers, configuration, network, stores, workloads
from chaos.faults.common import all_of
from chaos.matrix.rows import Row, finding
from chaos.matrix.table_platform import GRAFANA_SOURCES
from pipeline_services.checklist import checks
from pipeline_services.faults import templates
from pipeline_services.model import roles

ROWS: Final = (
    Row(
        "pair-token-revoked-and-autoscaler-missing",
        all_of(configuration.wrong_token, autoscalers.missing("producer-hpa")),
        (finding("config", "token-refused"), finding("hpa", "autoscaler-missing")),
        (checks.TOKEN_ACCEPTED.of("influxdb_token"), checks.HPA_SET_AS_DOCUMENTED.of("producer-hpa")),
        ripens=15.0,
    ),
    Row(
        "pair-node-cordoned-and-loki-scaled-to-zero",
        all_of(workloads.cordoned, workloads.scaled(roles.LOKI, 0)),
        (finding("node", "node-cordoned"), finding(roles.LOKI, "scaled-to-zero")),
        (checks.NODES_READY, checks.PODS_READY.of("loki")),
    ),
    Row(
        "pair-processor-cut-off-and-metrics-unknown",
        all_of(network.cut_off("processor-to-influxdb", but="processor-to-kafka"), autoscalers.metrics_server_down),
        (finding("network", "policy-blocks"), finding("hpa", "usage-unknown")),
        (checks.NETWORK_ALLOWS.of("processor-influxdb"),),
        ripens=30.0,
    ),
    Row(
        "pair-dns-down-and-log-shipper-nowhere",
        all_of(network.dns_down, workloads.log_shipper_without_node),
        (finding("dns", "dns-down"), finding(roles.LOKI, "placement-impossible", "logs-not-shipped")),
        ripens=20.0,
    ),
    Row(
        "pair-kafka-scaled-to-zero-and-grafana-source-wrong",
        all_of(workloads.scaled(roles.KAFKA, 0), GRAFANA_SOURCES),
        (finding(roles.KAFKA, "scaled-to-zero"), finding(roles.GRAFANA, "datasource-broken")),
        (checks.PODS_READY.of("kafka"), checks.GRAFANA_DATASOURCE_ANSWERS.of("loki")),
        ripens=40.0,
    ),
    Row(
        "pair-prometheus-scaled-to-zero-and-producer-image-wrong",
        all_of(
            workloads.scaled(roles.PROMETHEUS, 0),
            workloads.edited(
                roles.PRODUCER,
                templates.image(roles.PRODUCER, "v2.1.0"),
                "an image that is nowhere",
                workloads.NO_IMAGE,
            ),
        ),
        (finding(roles.PROMETHEUS, "scaled-to-zero"), finding(roles.PRODUCER, "image-unavailable")),
        (checks.PODS_READY.of("prometheus"), checks.PODS_READY.of("producer")),
        ripens=30.0,
    ),
)
LASTING: Final = (
    Row(
        "influxdb-volume-full",
        stores.volume_full,
        (finding("storage", "volume-full"),),
        settles=150.0,
        ripens=20.0,
    ),
    Row(
        "partitions-read-by-another",
        stores.no_change("another member of the processors' group holds partitions and stores nothing"),
        (finding(roles.PROCESSOR, "partitions-unread", "processing-too-slow"),),
        (checks.KEY_METRIC.of("processor-matches-producer"),),
        settles=150.0,
        meanwhile=stores.idle_member,
    ),
    Row(
        "data-clock-wrong",
        stores.no_change("readings that say that they are two hours old"),
        (finding(roles.PRODUCER, "data-clock-wrong"),),
        (checks.KEY_METRIC.of("end-to-end-latency"),),
        settles=200.0,  # it takes three minutes of steady writes, and the row before held them up
        meanwhile=stores.late_clock(10.0),
    ),
    Row(
        "poison-messages",
        stores.no_change("messages that are no readings"),
        (finding(roles.PRODUCER, "poison-messages"),),
        settles=90.0,
        meanwhile=stores.poison(5.0),
    ),
)
