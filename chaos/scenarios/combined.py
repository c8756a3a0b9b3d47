"""Several faults at once, each of which triage has to name; and noise beside one, which has to be told first."""

from __future__ import annotations

from typing import Final

from chaos.fault_builders import (
    autoscalers,
    configuration,
    extra_objects,
    network,
    processes,
    stores,
    undeclared,
    workloads,
)
from chaos.fault_builders.common import all_of
from chaos.scenarios.observability import GRAFANA_SOURCES_WRONG
from pipeline_services.checklist import checks
from pipeline_services.experiment.scenario import Scenario, finding
from pipeline_services.model import roles

_NOISE: Final = (processes.pod_deleted(roles.KAFKA), workloads.restarted(roles.GRAFANA))
"""A pod that goes and a rollout: both look bad for a while and mend themselves."""
DIAGNOSIS: Final = (
    Scenario(
        "pair-token-revoked-and-autoscaler-missing",
        all_of(configuration.wrong_token, autoscalers.missing(roles.PRODUCER)),
        (finding("config", "token-refused"), finding("hpa", "autoscaler-missing")),
        (checks.TOKEN_ACCEPTED.of("influxdb_token"), checks.HPA_SET_AS_DOCUMENTED.of("{hpa:producer}")),
        min_duration_s=15.0,
    ),
    Scenario(
        "pair-node-cordoned-and-loki-scaled-to-zero",
        all_of(workloads.cordoned, workloads.scaled(roles.LOKI, 0)),
        (finding("node", "node-cordoned"), finding(roles.LOKI, "scaled-to-zero")),
        (checks.NODES_READY, checks.PODS_READY.of("loki")),
    ),
    Scenario(
        "pair-processor-cut-off-and-metrics-unknown",
        all_of(network.cut_off("processor-to-influxdb", but="processor-to-kafka"), autoscalers.metrics_server_down),
        (finding("network", "policy-blocks"), finding("hpa", "usage-unknown")),
        (checks.NETWORK_ALLOWS.of("processor-influxdb"),),
        min_duration_s=30.0,
    ),
    Scenario(
        "pair-dns-down-and-log-shipper-nowhere",
        all_of(network.dns_down, workloads.log_shipper_without_node),
        (finding("dns", "dns-down"), finding(roles.LOKI, "placement-impossible", "logs-not-shipped")),
        min_duration_s=20.0,
    ),
    Scenario(
        "pair-kafka-scaled-to-zero-and-grafana-source-wrong",
        all_of(workloads.scaled(roles.KAFKA, 0), GRAFANA_SOURCES_WRONG),
        (finding(roles.KAFKA, "scaled-to-zero"), finding(roles.GRAFANA, "datasource-broken")),
        (checks.PODS_READY.of("kafka"), checks.GRAFANA_DATASOURCE_ANSWERS.of("loki")),
        min_duration_s=40.0,
    ),
    Scenario(
        "pair-prometheus-scaled-to-zero-and-producer-image-wrong",
        all_of(workloads.scaled(roles.PROMETHEUS, 0), workloads.image_nowhere(roles.PRODUCER)),
        (finding(roles.PROMETHEUS, "scaled-to-zero"), finding(roles.PRODUCER, "image-unavailable")),
        (checks.PODS_READY.of("prometheus"), checks.PODS_READY.of("producer")),
        min_duration_s=30.0,
    ),
    Scenario(
        "three-that-do-nothing-yet",
        all_of(
            stores.topic_set("{topic}", retention_ms="300000"),
            extra_objects.limits(memory="32Mi"),
            undeclared.workload_set(roles.GRAFANA, "its rollouts are paused", paused=True),
        ),
        (
            finding(roles.KAFKA, "topic-set-otherwise"),
            finding("config", "object-extra"),
            finding(roles.GRAFANA, "not-as-declared"),
        ),
        (
            checks.TOPIC_SET_AS_DECLARED.of("{topic}"),
            checks.SET_AS_DECLARED.of("config"),
            checks.SET_AS_DECLARED.of("grafana"),
        ),
    ),
    Scenario(
        "noise-beside-autoscaler-bounds",
        all_of(autoscalers.bounds(roles.PROCESSOR, 2), *_NOISE),
        (finding("hpa", "autoscaler-wrong"),),
        (checks.HPA_SET_AS_DOCUMENTED.of("{hpa:processor}"),),
        before_landed=True,
        told_first=True,
        met=("SREGym/noise",),
    ),
    Scenario(
        "noise-beside-token-for-reading-only",
        all_of(configuration.token_may_only_read, *_NOISE),
        (finding("config", "token-may-not-write"),),
        (checks.TOKEN_MAY_WRITE,),
        min_duration_s=30.0,
        told_first=True,
        met=("SREGym/noise",),
    ),
    Scenario(
        "noise-beside-node-cordoned",
        all_of(workloads.cordoned, network.lossy(roles.PROCESSOR, 0.5)),
        (finding("node", "node-cordoned"),),
        (checks.NODES_READY,),
        may_blame=frozenset({roles.PROCESSOR, "network", "hpa"}),  # half of their packets are lost indeed
        min_duration_s=30.0,
        told_first=True,
        met=("SREGym/noise",),
    ),
)
