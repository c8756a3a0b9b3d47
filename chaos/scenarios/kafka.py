"""Section 3, scenario 3: the Kafka broker fails, or a topic."""

from __future__ import annotations

from functools import partial
from typing import Final

from chaos import expected_checks
from chaos.fault_builders import pods_by_hand, processes, stores, workloads
from chaos.fault_builders.common import with_own_apps
from chaos.scenarios.producer import HUNG
from pipeline_services.checklist import checks
from pipeline_services.experiment.expectations import expect_identity_kept
from pipeline_services.experiment.scenario import Heals, RecoveryPlan, Scenario, finding
from pipeline_services.model import roles

SECTION: Final = "kafka-statefulset-failure"

PLAN: Final = partial(RecoveryPlan, roles.KAFKA, SECTION, expectations=(expect_identity_kept,))

ADDRESS_WRONG: Final = finding(roles.KAFKA, "not-as-declared")
RECOVERY: Final = (
    Scenario(
        "kafka-pod-deleted",
        processes.pod_deleted(roles.KAFKA),
        recovery=PLAN(symptoms=(expected_checks.pods_ready(roles.KAFKA), expected_checks.no_endpoint(roles.KAFKA))),
    ),
    Scenario(
        "kafka-process-killed",
        processes.process_killed(roles.KAFKA),
        recovery=PLAN(
            symptoms=(expected_checks.pods_ready(roles.KAFKA), expected_checks.no_endpoint(roles.KAFKA)),
            restarts_in_place=True,
        ),
    ),
    # Once the address is right again, every client has to be well by itself, also one that was told the wrong one.
    Scenario(
        "kafka-address-wrong",
        stores.told_where_nobody_is,
        (ADDRESS_WRONG,),
        recovery=PLAN(
            heals=Heals.BY_UNDO,
            symptoms=(expected_checks.set_otherwise(roles.KAFKA),),
            hold_s=75.0,  # clients ask for addresses every 30 s
            audited=False,
            slow=True,
        ),
    ),
)
DIAGNOSIS: Final = (
    Scenario(
        "dead-letter-topic-missing",
        stores.topic_deleted("{dead_letter_topic}"),
        (finding(roles.KAFKA, "topic-missing"),),
        (checks.KAFKA_TOPIC.of("{dead_letter_topic}"),),
        sample=True,
    ),
    Scenario(
        "kafka-pod-deleted",
        processes.pod_deleted(roles.KAFKA),
        (finding(roles.KAFKA, "pod-replaced"),),
        before_landed=True,
    ),
    Scenario(
        "kafka-hung",
        processes.process_stopped_that_a_probe_asks(roles.KAFKA),
        (finding(roles.KAFKA, *HUNG),),
        before_landed=True,
    ),
    Scenario(
        "kafka-hung-unprobed",
        processes.process_stopped(roles.KAFKA),
        (finding(roles.KAFKA, "broker-unresponsive"),),
        arranged=workloads.without_probes(roles.KAFKA),
    ),
    Scenario(
        "kafka-ends-at-once",
        workloads.exits_at_once(roles.KAFKA),
        (finding(roles.KAFKA, "not-as-declared", "crash-loop"),),
        (checks.PODS_READY.of("kafka"),),
    ),
    Scenario(
        "kafka-scaled-to-zero",
        workloads.scaled(roles.KAFKA, 0),
        (finding(roles.KAFKA, "scaled-to-zero"),),
        (checks.PODS_READY.of("kafka"), checks.SERVICE_HAS_ENDPOINT.of("{service:kafka}")),
        min_duration_s=40.0,
    ),
    Scenario(
        "topic-missing",
        stores.topic_deleted("{topic}"),
        (finding(roles.KAFKA, "topic-missing"),),
        (checks.KAFKA_TOPIC.of("{topic}"),),
        before_landed=True,
    ),
    Scenario(
        "topic-retention-short",
        stores.topic_set("{topic}", retention_ms="300000", segment_ms="60000"),
        (finding(roles.KAFKA, "topic-set-otherwise"),),
        (checks.TOPIC_SET_AS_DECLARED.of("{topic}"),),
        met=("apache/druid#10566", "tulios/kafkajs#1119"),
    ),
    Scenario(
        "offsets-set-otherwise",
        stores.topic_set("__consumer_offsets", retention_ms="3600000"),
        (finding(roles.KAFKA, "topic-set-otherwise"),),
        (checks.BROKERS_SET_AS_DECLARED,),
    ),
    Scenario(
        "brokers-set-at-run-time",
        stores.brokers_set(num_io_threads="2"),
        (finding(roles.KAFKA, "broker-set-otherwise"),),
        (checks.BROKERS_SET_AS_DECLARED,),
    ),
    Scenario(
        "kafka-started-with-another-file",
        stores.of_another_file,
        (finding(roles.KAFKA, "pod-holds-old-setting"),),
        (checks.BROKERS_SET_AS_DECLARED,),
        deadline_s=90.0,
        min_duration_s=30.0,
    ),
    Scenario(
        "brokers-forget-early",
        stores.brokers_set(log_retention_ms="300000"),
        (finding(roles.KAFKA, "broker-set-otherwise"),),
        (checks.BROKERS_SET_AS_DECLARED, checks.TOPIC_SET_AS_DECLARED.of("{topic}")),
        met=("apache/druid#10566",),
    ),
    Scenario(
        "kafka-address-wrong",
        stores.told_where_nobody_is,
        (ADDRESS_WRONG,),
        (checks.SET_AS_DECLARED.of("kafka"),),
        min_duration_s=60.0,
        met=("dpkp/kafka-python#1683", "confluentinc/confluent-kafka-python#990"),
    ),
    Scenario(
        "client-floods-the-broker",
        with_own_apps(pods_by_hand.flooding_client, pods_by_hand.IN_THEIR_IMAGE),
        (finding(roles.KAFKA, "client-floods"),),
        (checks.BROKER_NOT_FLOODED,),
        min_duration_s=30.0,
        may_blame=frozenset({roles.PRODUCER, "hpa"}),  # it bears the producer's label
        met=("SREGym/kafka_producer_leak",),
    ),
    Scenario(
        "clients-limited-by-quota",
        stores.clients_limited,
        (finding(roles.KAFKA, "clients-limited"),),
        (checks.CLIENTS_NOT_LIMITED,),
        min_duration_s=45.0,
        met=("apache/kafka#19456", "dpkp/kafka-python#2506"),
    ),
)
