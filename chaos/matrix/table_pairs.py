"""Rows of several faults at once, each of which has to be named; and rows whose traces last, played at the end."""

from __future__ import annotations

from typing import Final

from chaos.faults import autoscalers, configuration, network, stores, workloads
from chaos.faults.common import all_of
from chaos.matrix.rows import Row, finding
from chaos.matrix.table_platform import GRAFANA_SOURCES
from pipeline_services.faults import templates
from pipeline_services.model import roles

ROWS: Final = (
    Row(
        "pair-token-revoked-and-autoscaler-missing",
        all_of(configuration.wrong_token, autoscalers.missing("producer-hpa")),
        (finding("config", "token-refused"), finding("hpa", "autoscaler-missing")),
        ("test_token_accepted[influxdb-token]", "test_hpa_set_as_documented[producer-hpa]"),
        ripens=15.0,
    ),
    Row(
        "pair-node-cordoned-and-loki-scaled-to-zero",
        all_of(workloads.cordoned, workloads.scaled(roles.LOKI, 0)),
        (finding("node", "node-cordoned"), finding(roles.LOKI, "scaled-to-zero")),
        ("test_nodes_ready", "test_pods_ready[loki]"),
    ),
    Row(
        "pair-processor-cut-off-and-metrics-unknown",
        all_of(network.cut_off("processor-to-influxdb", but="processor-to-kafka"), autoscalers.metrics_server_down),
        (finding("network", "policy-blocks"), finding("hpa", "usage-unknown")),
        ("test_network_allows[processor-influxdb]",),
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
        ("test_pods_ready[kafka]", "test_grafana_datasource_answers[loki]"),
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
        ("test_pods_ready[prometheus]", "test_pods_ready[producer]"),
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
        ("test_key_metric[processor-matches-producer]",),
        settles=150.0,
        meanwhile=stores.idle_member,
    ),
    Row(
        "data-clock-wrong",
        stores.no_change("readings that say that they are two hours old"),
        (finding(roles.PRODUCER, "data-clock-wrong"),),
        ("test_key_metric[end-to-end-latency]",),
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
