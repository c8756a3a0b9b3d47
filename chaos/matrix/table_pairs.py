"""Rows of several faults at once, each of which has to be named; and rows whose traces last, played at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chaos import breakages
from chaos.matrix import connections, data, settings, workloads
from chaos.matrix.rows import Row, finding
from chaos.matrix.table_platform import GRAFANA_SOURCES
from pipeline_services.faults import templates
from pipeline_services.faults.model import Fault, together
from pipeline_services.model import roles

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline


def both(*builds: breakages.Breakage) -> breakages.Breakage:
    """Several faults at once."""

    def build(pipeline: SteadyPipeline) -> Fault:
        made = [one(pipeline) for one in builds]
        return together("; ".join(fault.summary for fault in made), made)

    return build


ROWS: Final = (
    Row(
        "pair-token-revoked-and-autoscaler-missing",
        both(breakages.wrong_token, settings.autoscaler_missing("producer-hpa")),
        (finding("config", "token-refused"), finding("hpa", "autoscaler-missing")),
        ("test_token_accepted[influxdb-token]", "test_hpa_set_as_documented[producer-hpa]"),
        ripens=15.0,
    ),
    Row(
        "pair-node-cordoned-and-loki-scaled-to-zero",
        both(workloads.cordoned, workloads.scaled(roles.LOKI, 0)),
        (finding("node", "node-cordoned"), finding(roles.LOKI, "scaled-to-zero")),
        ("test_nodes_ready", "test_pods_ready[loki]"),
    ),
    Row(
        "pair-processor-cut-off-and-metrics-unknown",
        both(breakages.cut_off("processor-to-influxdb", but="processor-to-kafka"), settings.metrics_unknown),
        (finding("network", "policy-blocks"), finding("hpa", "usage-unknown")),
        ("test_network_allows[processor-influxdb]",),
        ripens=30.0,
    ),
    Row(
        "pair-dns-down-and-log-shipper-nowhere",
        both(connections.names_unresolvable, workloads.unmatched_daemonset),
        (finding("dns", "dns-down"), finding(roles.LOKI, "placement-impossible", "logs-not-shipped")),
        ripens=20.0,
    ),
    Row(
        "pair-kafka-scaled-to-zero-and-grafana-source-wrong",
        both(workloads.scaled(roles.KAFKA, 0), GRAFANA_SOURCES),
        (finding(roles.KAFKA, "scaled-to-zero"), finding(roles.GRAFANA, "datasource-broken")),
        ("test_pods_ready[kafka]", "test_grafana_datasource_answers[loki]"),
        ripens=40.0,
    ),
    Row(
        "pair-prometheus-scaled-to-zero-and-producer-image-wrong",
        both(
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
        breakages.volume_full,
        (finding("storage", "volume-full"),),
        settles=150.0,
        ripens=20.0,
    ),
    Row(
        "partitions-read-by-another",
        data.nothing_itself("another member of the processors' group holds partitions and stores nothing"),
        (finding(roles.PROCESSOR, "partitions-unread", "processing-too-slow"),),
        ("test_key_metric[processor-matches-producer]",),
        settles=150.0,
        meanwhile=data.idle_member,
    ),
    Row(
        "data-clock-wrong",
        data.nothing_itself("readings that say that they are two hours old"),
        (finding(roles.PRODUCER, "data-clock-wrong"),),
        ("test_key_metric[end-to-end-latency]",),
        settles=200.0,  # it takes three minutes of steady writes, and the row before held them up
        meanwhile=data.late_clock(10.0),
    ),
    Row(
        "poison-messages",
        data.nothing_itself("messages that are no readings"),
        (finding(roles.PRODUCER, "poison-messages"),),
        settles=90.0,
        meanwhile=data.poison(5.0),
    ),
)
