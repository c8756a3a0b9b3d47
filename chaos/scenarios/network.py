"""Section 3, scenario 6: NetworkPolicies that are too strict or too loose, Services that lead nowhere."""

from __future__ import annotations

from functools import partial
from typing import Final

from chaos import expected_checks
from chaos.fault_builders import network, services
from pipeline_services.checklist import checks
from pipeline_services.experiment.scenario import Heals, RecoveryPlan, Scenario, finding
from pipeline_services.model import roles

SECTION: Final = "network-policy-issues"

PLAN: Final = partial(RecoveryPlan, section=SECTION, reported_as="network")

RECOVERY: Final = (
    Scenario(
        "producer-cut-from-kafka",
        network.cut_off("producer-to-kafka", but="processor-to-kafka"),
        (finding("network", "policy-blocks"),),
        recovery=PLAN(
            roles.PRODUCER,
            heals=Heals.BY_UNDO,
            symptoms=(expected_checks.policy_missing("producer-kafka"),),
            hold_s=10.0,
            audited=False,
            stops_flow=True,
        ),
    ),
    Scenario(
        "processor-cut-from-influxdb",
        network.cut_off("processor-to-influxdb", but="processor-to-kafka"),
        (finding("network", "policy-blocks"),),
        recovery=PLAN(
            roles.PROCESSOR,
            heals=Heals.BY_UNDO,
            symptoms=(expected_checks.policy_missing("processor-influxdb"),),
            hold_s=10.0,
            stops_flow=True,
        ),
    ),
    Scenario(
        "names-unresolvable",
        network.dns_not_allowed(roles.PRODUCER, but="producer-to-kafka"),
        (finding("network", "policy-blocks"),),
        recovery=PLAN(
            roles.PRODUCER,
            heals=Heals.BY_UNDO,
            symptoms=(expected_checks.metric_breached("name-resolves", "{service:kafka}"),),
            audited=False,
        ),
    ),
    Scenario(
        "influxdb-service-without-pods",
        network.service_without_pods(roles.INFLUXDB, roles.PROCESSOR, but="processor-to-influxdb"),
        (finding("network", "service-selects-nothing"),),
        recovery=PLAN(
            roles.PROCESSOR,
            heals=Heals.BY_UNDO,
            symptoms=(expected_checks.no_endpoint(roles.INFLUXDB, must_fail=True),),
            hold_s=5.0,
            stops_flow=True,
        ),
    ),
)
DIAGNOSIS: Final = (
    Scenario(
        "policy-default-deny-missing",
        network.no_default_deny,
        (finding("network", "policy-too-loose"),),
        (checks.NETWORK_DENIES_BY_DEFAULT,),
    ),
    Scenario(
        "policy-allows-everything",
        network.all_allowed,
        (finding("network", "policy-too-loose"),),
        (checks.NETWORK_DENIES_BY_DEFAULT,),
    ),
    Scenario(
        "policy-lets-grafana-to-kafka",
        network.let_through("grafana-to-kafka"),
        (finding("network", "policy-too-loose"),),
        (checks.NETWORK_DENIES.of("grafana-to-kafka"),),
    ),
    Scenario(
        "policy-names-blocked",
        network.dns_not_allowed(roles.PRODUCER, but="producer-to-kafka"),
        (finding("network", "policy-blocks"),),
        may_blame=frozenset({"dns"}),
        min_duration_s=20.0,
    ),
    Scenario(
        "policy-of-the-system-closes-dns",
        network.dns_closed(roles.PRODUCER, but="producer-to-kafka"),
        (finding("network", "policy-blocks"),),
        (checks.NETWORK_ALLOWS.of("any-dns"),),
        may_blame=frozenset({"dns"}),
        min_duration_s=20.0,
    ),
    Scenario(
        "policy-producer-missing",
        network.policy_missing("producer-to-kafka"),
        (finding("network", "policy-blocks"),),
        (checks.NETWORK_ALLOWS.of("producer-kafka"),),
        min_duration_s=30.0,
    ),
    Scenario(
        "policy-processor-cut-off",
        network.cut_off("processor-to-influxdb", but="processor-to-kafka"),
        (finding("network", "policy-blocks"),),
        (checks.NETWORK_ALLOWS.of("processor-influxdb"),),
        sample=True,
        min_duration_s=30.0,
    ),
    Scenario(
        "policy-kafka-closed",
        network.ingress_closed("processor-to-kafka"),
        (finding("network", "policy-blocks"),),
        (checks.NETWORK_ALLOWS.of("processor-kafka"), checks.NETWORK_ALLOWS.of("producer-kafka")),
        min_duration_s=30.0,
    ),
    Scenario(
        "service-grafana-missing",
        network.service_missing(roles.GRAFANA),
        (finding("network", "service-missing"),),
        (checks.SERVICE_HAS_ENDPOINT.of("{service:grafana}"),),
    ),
    Scenario(
        "service-grafana-without-address",
        services.without_address(roles.GRAFANA),
        (finding("network", "not-as-declared"),),
        (checks.SET_AS_DECLARED.of("network"),),
    ),
    Scenario(
        "service-kafka-missing",
        network.service_missing(roles.KAFKA),
        (finding("network", "service-missing"),),
        (checks.SERVICE_HAS_ENDPOINT.of("{service:kafka}"),),
        min_duration_s=15.0,
    ),
    Scenario(
        "service-influxdb-selects-nothing",
        network.service_without_pods(roles.INFLUXDB, roles.PROCESSOR, but="processor-to-influxdb"),
        (finding("network", "service-selects-nothing"),),
        (checks.SERVICE_HAS_ENDPOINT.of("{service:influxdb}"),),
        min_duration_s=30.0,
    ),
    Scenario(
        "service-influxdb-port-wrong",
        network.service_port_wrong(roles.INFLUXDB, 8087, roles.PROCESSOR),
        (finding("network", "service-port-wrong"),),
        min_duration_s=30.0,
    ),
    Scenario(
        "processor-partitioned-from-influxdb",
        services.partitioned(roles.PROCESSOR, roles.INFLUXDB),
        (finding("network", "connection-fails"),),
        deadline_s=120.0,
        min_duration_s=60.0,
        met=("chaos-mesh/partition",),
    ),
)
