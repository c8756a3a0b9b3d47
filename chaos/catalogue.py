"""Every case of every scenario: what is broken, what should see it, and how it heals."""

from __future__ import annotations

from typing import Final

from chaos import expected_checks
from chaos.faults import certificates, configuration, network, processes, stores, workloads
from pipeline_services.experiment.scenario import Case, Diagnosed, Heals
from pipeline_services.model import names, roles

_BROKEN_BROKER: Final = {"KAFKA_BROKER": "kafka-servise:9092x"}
"""Neither a service nor an address: an app that reads it ends at once, and again and again."""


def _by_id(*cases: Case) -> dict[str, Case]:
    return {case.id: case for case in cases}


PRODUCER: Final = _by_id(
    Case(
        "producer-pod-deleted",
        roles.PRODUCER,
        processes.pod_deleted(roles.PRODUCER),
        symptoms=(expected_checks.pods_ready(roles.PRODUCER),),
        audit=False,
    ),
    Case(
        "producer-process-killed",
        roles.PRODUCER,
        processes.process_killed(roles.PRODUCER),
        symptoms=(expected_checks.pods_ready(roles.PRODUCER),),
        audit=False,
        in_place=True,
    ),
    Case(
        "producer-hung",
        roles.PRODUCER,
        processes.process_stopped(roles.PRODUCER),
        symptoms=(expected_checks.pods_ready(roles.PRODUCER),),
        audit=False,
        in_place=True,
    ),
    Case(
        "producer-broker-setting-wrong",
        roles.PRODUCER,
        configuration.wrong_setting(roles.PRODUCER, **_BROKEN_BROKER),
        Heals.BY_UNDO,
        symptoms=(expected_checks.bad_status(roles.PRODUCER), expected_checks.settings_lead_nowhere(roles.KAFKA)),
        audit=False,
        stops=True,
        diagnosis=Diagnosed("config", frozenset({"setting-wrong"}), "L2"),
    ),
)

CRASH_LOOP: Final = _by_id(
    Case(
        "producer-crash-loop",
        roles.PRODUCER,
        configuration.wrong_setting(roles.PRODUCER, **_BROKEN_BROKER),
        Heals.BY_UNDO,
        symptoms=(
            expected_checks.bad_status(roles.PRODUCER),
            expected_checks.metric_breached("producer-rate"),
            expected_checks.restarted_too_often(roles.PRODUCER),
        ),
        audit=False,
        stops=True,
        patience=330.0,
        diagnosis=Diagnosed("config", frozenset({"setting-wrong"}), "L2"),
    ),
)
"""Slow: the kubelet waits 10, 20, 40 and 80 s before the second to the fifth restart. Killing a well process five times
would take as long, since the waits are the container's and not the cause's, and would show less: this is the crash loop
that the runbook describes, with the rate at 0 and all.
"""

PROCESSOR: Final = _by_id(
    Case(
        "processor-pod-deleted",
        roles.PROCESSOR,
        processes.pod_deleted(roles.PROCESSOR),
        symptoms=(expected_checks.pods_ready(roles.PROCESSOR),),
    ),
    Case(
        "processor-process-killed",
        roles.PROCESSOR,
        processes.process_killed(roles.PROCESSOR),
        symptoms=(expected_checks.pods_ready(roles.PROCESSOR),),
        in_place=True,
    ),
    Case(
        "processor-hung",
        roles.PROCESSOR,
        processes.process_stopped(roles.PROCESSOR),
        symptoms=(expected_checks.pods_ready(roles.PROCESSOR),),
        in_place=True,
    ),
    Case(
        "processor-killed-before-commit",
        roles.PROCESSOR,
        processes.killed_before_commit,
        symptoms=(expected_checks.pods_ready(roles.PROCESSOR),),
        in_place=True,
    ),
    Case(
        "processor-token-wrong",
        roles.PROCESSOR,
        configuration.wrong_token,
        Heals.BY_UNDO,
        symptoms=(expected_checks.token_refused(),),
        hold=10.0,
        stops=True,
        diagnosis=Diagnosed("config", frozenset({"token-refused"}), "L2"),
    ),
)

KAFKA: Final = _by_id(
    Case(
        "kafka-pod-deleted",
        roles.KAFKA,
        processes.pod_deleted(roles.KAFKA),
        symptoms=(expected_checks.pods_ready(roles.KAFKA), expected_checks.no_endpoint(names.KAFKA_SERVICE)),
    ),
    Case(
        "kafka-process-killed",
        roles.KAFKA,
        processes.process_killed(roles.KAFKA),
        symptoms=(expected_checks.pods_ready(roles.KAFKA), expected_checks.no_endpoint(names.KAFKA_SERVICE)),
        in_place=True,
    ),
)

INFLUXDB: Final = _by_id(
    Case(
        "influxdb-pod-deleted",
        roles.INFLUXDB,
        processes.pod_deleted(roles.INFLUXDB),
        symptoms=(expected_checks.pods_ready(roles.INFLUXDB), expected_checks.no_endpoint(names.INFLUXDB_SERVICE)),
    ),
    Case(
        "influxdb-process-killed",
        roles.INFLUXDB,
        processes.process_killed(roles.INFLUXDB),
        symptoms=(expected_checks.pods_ready(roles.INFLUXDB), expected_checks.no_endpoint(names.INFLUXDB_SERVICE)),
        in_place=True,
    ),
    Case(
        "influxdb-certificate-of-another-authority",
        roles.INFLUXDB,
        certificates.other_authority,
        Heals.BY_UNDO,
        symptoms=(expected_checks.certificate_distrusted(),),
        hold=5.0,
        stops=True,
        diagnosis=Diagnosed(roles.INFLUXDB, frozenset({"certificate-wrong"}), "L2"),
    ),
)

NETWORK: Final = _by_id(
    Case(
        "producer-cut-from-kafka",
        roles.PRODUCER,
        network.cut_off("producer-to-kafka", but="processor-to-kafka"),
        Heals.BY_UNDO,
        symptoms=(expected_checks.policy_missing("producer-kafka"),),
        hold=10.0,
        audit=False,
        stops=True,
        diagnosis=Diagnosed("network", frozenset({"policy-blocks"}), "L3"),
    ),
    Case(
        "processor-cut-from-influxdb",
        roles.PROCESSOR,
        network.cut_off("processor-to-influxdb", but="processor-to-kafka"),
        Heals.BY_UNDO,
        symptoms=(expected_checks.policy_missing("processor-influxdb"),),
        hold=10.0,
        stops=True,
        diagnosis=Diagnosed("network", frozenset({"policy-blocks"}), "L3"),
    ),
    Case(
        "names-unresolvable",
        roles.PRODUCER,
        network.dns_not_allowed(roles.PRODUCER, but="producer-to-kafka"),
        Heals.BY_UNDO,
        symptoms=(expected_checks.metric_breached("name-resolves", names.KAFKA_SERVICE),),
        audit=False,
        diagnosis=Diagnosed("network", frozenset({"policy-blocks"}), "L3"),
    ),
    Case(
        "influxdb-service-without-pods",
        roles.PROCESSOR,
        network.service_without_pods(names.INFLUXDB_SERVICE, roles.PROCESSOR, but="processor-to-influxdb"),
        Heals.BY_UNDO,
        symptoms=(expected_checks.no_endpoint(names.INFLUXDB_SERVICE, red=True),),
        hold=5.0,
        stops=True,
        diagnosis=Diagnosed("network", frozenset({"service-selects-nothing"}), "L3"),
    ),
)

RESOURCES: Final = _by_id(
    Case(
        "producer-out-of-memory",
        roles.PRODUCER,
        processes.out_of_memory(roles.PRODUCER),
        symptoms=(expected_checks.bad_status(roles.PRODUCER),),
        audit=False,
        in_place=True,
    ),
    Case(
        "producer-scaled-by-hand",
        roles.PRODUCER,
        workloads.scaled(roles.PRODUCER, 3),
        Heals.BY_UNDO,
        hold=10.0,
        audit=False,
    ),
    Case(
        "processor-starved-of-cpu",
        roles.PROCESSOR,
        processes.starved_of_cpu(roles.PROCESSOR, 15),
        Heals.BY_UNDO,
        symptoms=(
            expected_checks.metric_breached("consumer-lag"),
            expected_checks.metric_breached("cpu-throttling", roles.PROCESSOR),
        ),
        rate=1000.0,
        patience=270.0,
        diagnosis=Diagnosed(roles.PROCESSOR, frozenset({"cpu-throttled"}), "L2"),
    ),
)

STORAGE: Final = _by_id(
    Case(
        "influxdb-volume-full",
        roles.INFLUXDB,
        stores.volume_full,
        Heals.BY_UNDO,
        symptoms=(expected_checks.metric_breached("volume-usage", roles.INFLUXDB),),
        stops=True,
        diagnosis=Diagnosed("storage", frozenset({"volume-full"}), "L3"),
    ),
)
"""Slow: the volume is copied twice, and its pod restarted twice."""

EVERY: Final = {**PRODUCER, **PROCESSOR, **KAFKA, **INFLUXDB, **NETWORK, **RESOURCES}
"""What a soak chooses from."""
ALL: Final = {**EVERY, **CRASH_LOOP, **STORAGE}
"""The slow ones too."""
RESILIENCE: Final = ("producer-pod-deleted", "processor-pod-deleted", "kafka-pod-deleted")
"""Section 7's test, in its order."""
