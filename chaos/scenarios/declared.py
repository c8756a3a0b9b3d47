"""What is live is not what was declared, one layer below what shows at once. Each was met by others first (``met``)."""

from __future__ import annotations

from typing import Final

from chaos.fault_builders import (
    autoscalers,
    certificates,
    configuration,
    network,
    observability,
    pods_by_hand,
    workloads,
)
from pipeline_services.checklist import checks
from pipeline_services.experiment.scenario import Scenario, finding
from pipeline_services.faults import templates
from pipeline_services.model import roles

DIAGNOSIS: Final = (
    Scenario(
        "producer-variable-twice",
        workloads.edited(
            roles.PRODUCER, templates.environment_twice("PRODUCER_RATE", "20", "5"), "a variable that is set twice"
        ),
        (finding(roles.PRODUCER, "not-as-declared"),),
        (checks.SET_AS_DECLARED.of("producer"),),
        min_duration_s=30.0,
        met=("SREGym/env_variable_shadowing",),
    ),
    Scenario(
        "producer-asks-other-dns",
        workloads.edited(
            roles.PRODUCER,
            templates.pod_fields(dnsPolicy="None", dnsConfig={"nameservers": ["203.0.113.1"]}),
            "DNS servers of somebody else",
        ),
        (finding(roles.PRODUCER, "not-as-declared"),),
        (checks.SET_AS_DECLARED.of("producer"),),
        deadline_s=90.0,
        min_duration_s=45.0,
        met=("SREGym/wrong_dns_policy",),
    ),
    Scenario(
        "producer-runs-the-processor",
        workloads.runs_another_program(roles.PRODUCER, roles.PROCESSOR),
        (finding(roles.PRODUCER, "not-as-declared"),),
        (checks.SET_AS_DECLARED.of("producer"),),
        min_duration_s=30.0,
        met=("AIOpsLab/wrong_bin_usage",),
    ),
    Scenario(
        "processor-waits-for-ever",
        workloads.edited(
            roles.PROCESSOR, templates.waits_before(["sleep", "infinity"]), "an init container that never ends"
        ),
        (finding(roles.PROCESSOR, "not-as-declared"),),
        (checks.SET_AS_DECLARED.of("processor"),),
        deadline_s=90.0,
        min_duration_s=70.0,
        met=("ITBench/hanging-init-container",),
    ),
    Scenario(
        "processors-repel-each-other",
        workloads.apart_from_its_like(roles.PROCESSOR),
        (finding(roles.PROCESSOR, "placement-impossible"),),
        (checks.SET_AS_DECLARED.of("processor"),),
        deadline_s=90.0,
        met=("ITBench/44",),
    ),
    Scenario(
        "producer-replaced-all-at-once",
        workloads.hangs_while_all_are_replaced(roles.PRODUCER),
        (finding(roles.PRODUCER, "not-as-declared"),),
        (checks.SET_AS_DECLARED.of("producer"),),
        deadline_s=120.0,
        min_duration_s=70.0,
        met=("SREGym/rolling_update_misconfigured",),
    ),
    Scenario(
        "namespace-admits-restricted-only",
        workloads.admits_restricted_pods_only(roles.LOG_SHIPPER),
        (finding("config", "pod-security-refuses"),),
        (checks.SET_AS_DECLARED.of("config"),),
        deadline_s=90.0,
        min_duration_s=20.0,
        met=("SREGym/psa_restricted_blocks_recreation",),
    ),
    Scenario(
        "autoscaler-doubled",
        autoscalers.doubled(roles.PRODUCER),
        (finding("hpa", "autoscaler-extra"),),
        (checks.SET_AS_DECLARED.of("hpa"),),
        min_duration_s=60.0,
        met=("kedacore/keda#5825", "kubernetes/kubernetes#112027"),
    ),
    Scenario(
        "autoscaler-without-request",
        workloads.edited(roles.PRODUCER, templates.without_request("cpu"), "no CPU request"),
        (finding(roles.PRODUCER, "request-missing"),),
        (checks.HPA_SET_AS_DOCUMENTED.of("{hpa:producer}"), checks.SET_AS_DECLARED.of("producer")),
        deadline_s=90.0,
        min_duration_s=60.0,
        met=("HolmesGPT/85_hpa_not_scaling",),
    ),
    Scenario(
        "kafka-names-of-pods-missing",
        network.names_of_pods_missing(roles.KAFKA, roles.PRODUCER, roles.PROCESSOR),
        (finding("network", "service-missing"),),
        (checks.SET_AS_DECLARED.of("network"),),
        deadline_s=90.0,
        min_duration_s=45.0,
        met=("kow3ns/kubernetes-kafka#3", "microsoft/mindaro#151"),
    ),
    Scenario(
        "service-influxdb-leads-to-a-stranger",
        pods_by_hand.stranger(roles.INFLUXDB),
        (finding("network", "service-selects-too-much"),),
        (checks.SERVICE_LEADS_TO_PODS.of("{service:influxdb}"),),
        min_duration_s=30.0,
        met=("SREGym/wrong_pod_selection",),
    ),
    Scenario(
        "certificate-with-another-key",
        certificates.replaced(certificates.other_key, "the key of another certificate"),
        (finding(roles.INFLUXDB, "certificate-without-key"),),
        (checks.CERTIFICATE_HAS_KEY,),
        met=("cert-manager/cert-manager#2636",),
    ),
    Scenario(
        "token-for-reading-only",
        configuration.token_may_only_read,
        (finding("config", "token-may-not-write"),),
        (checks.TOKEN_MAY_WRITE,),
        min_duration_s=30.0,
        met=("influxdata/influxdb-client-python#55",),
    ),
    Scenario(
        "token-rotated-pods-not-restarted",
        configuration.token_rotated,
        (finding(roles.PROCESSOR, "pod-holds-old-secret"),),
        (checks.PODS_HOLD_THE_TOKEN,),
        min_duration_s=30.0,
        met=("SREGym/secret_rotation_stale_env_credentials",),
    ),
    Scenario(
        "token-with-a-line-end",
        configuration.read_token_with_line_end,
        (finding("config", "not-as-declared"),),
        (checks.SET_AS_DECLARED.of("config"),),
    ),
    Scenario(
        "prometheus-drops-series",
        observability.rewritten(
            roles.PROMETHEUS,
            "prometheus-config",
            "prometheus.yml",
            observability.series_dropped("apps", "conveyor_readings_.*"),
            summary="Prometheus scrapes the apps and drops their figures",
        ),
        (finding(roles.PROMETHEUS, "series-dropped"),),
        (checks.SERIES_KEPT.of("producer"), checks.SET_AS_DECLARED.of("prometheus")),
        deadline_s=150.0,
        min_duration_s=90.0,
        met=("openshift/openshift-ansible#8279",),
    ),
)
"""What a check of the declared state has to say, and whom triage has to name: the owner who can put it right."""
