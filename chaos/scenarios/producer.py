"""Section 3, scenario 1: the producer fails."""

from __future__ import annotations

from functools import partial
from typing import Final

from chaos import expected_checks
from chaos.fault_builders import configuration, meanwhile, processes, workloads
from pipeline_services.checklist import checks
from pipeline_services.experiment.scenario import Heals, RecoveryPlan, Scenario, finding
from pipeline_services.faults import templates
from pipeline_services.model import roles

SECTION: Final = "producer-pod-failure"
BROKEN_BROKER: Final = {"KAFKA_BROKER": "kafka-servise:9092x"}
"""Neither a service nor an address: an app that reads it ends at once, and again and again."""
HUNG: Final = ("process-hung", "process-crashed")

PLAN: Final = partial(RecoveryPlan, roles.PRODUCER, SECTION, audited=False)

RECOVERY: Final = (
    Scenario(
        "producer-pod-deleted",
        processes.pod_deleted(roles.PRODUCER),
        recovery=PLAN(symptoms=(expected_checks.pods_ready(roles.PRODUCER),)),
    ),
    Scenario(
        "producer-process-killed",
        processes.process_killed(roles.PRODUCER),
        recovery=PLAN(symptoms=(expected_checks.pods_ready(roles.PRODUCER),), restarts_in_place=True),
    ),
    Scenario(
        "producer-hung",
        processes.process_stopped(roles.PRODUCER),
        recovery=PLAN(symptoms=(expected_checks.pods_ready(roles.PRODUCER),), restarts_in_place=True),
    ),
    Scenario(
        "producer-broker-setting-wrong",
        configuration.wrong_setting(roles.PRODUCER, **BROKEN_BROKER),
        (finding("config", "setting-wrong"),),
        recovery=PLAN(
            heals=Heals.BY_UNDO,
            symptoms=(expected_checks.bad_status(roles.PRODUCER), expected_checks.settings_lead_nowhere(roles.KAFKA)),
            stops_flow=True,
        ),
    ),
    # Slow: the kubelet waits 10, 20, 40 and 80 s before the second to the fifth restart. To kill a healthy process five
    # times takes as long, since the waits are the container's, and shows less: the rate would not stay at 0.
    Scenario(
        "producer-crash-loop",
        configuration.wrong_setting(roles.PRODUCER, **BROKEN_BROKER),
        (finding("config", "setting-wrong"),),
        recovery=PLAN(
            heals=Heals.BY_UNDO,
            symptoms=(
                expected_checks.bad_status(roles.PRODUCER),
                expected_checks.metric_breached("producer-rate"),
                expected_checks.restarted_too_often(roles.PRODUCER),
            ),
            stops_flow=True,
            symptoms_timeout_s=330.0,
            slow=True,
        ),
    ),
)
DIAGNOSIS: Final = (
    Scenario(
        "producer-image-wrong",
        workloads.image_nowhere(roles.PRODUCER),
        (finding(roles.PRODUCER, "image-unavailable"),),
        (checks.PODS_READY.of("producer"),),
        sample=True,
        min_duration_s=30.0,
    ),
    Scenario(
        "producer-command-wrong",
        workloads.edited(
            roles.PRODUCER,
            templates.command(["pyhton3", "-m", "pipeline_services.apps.producer"]),
            "a program that the image does not have",
            workloads.NO_START,
        ),
        (finding(roles.PRODUCER, "container-cannot-start"),),
        (checks.PODS_READY.of("producer"),),
        min_duration_s=30.0,
    ),
    Scenario(
        "producer-ends-at-once",
        workloads.exits_at_once(roles.PRODUCER),
        (finding(roles.PRODUCER, "not-as-declared", "crash-loop"),),
        (checks.PODS_READY.of("producer"),),
    ),
    Scenario(
        "producer-probe-wrong",
        workloads.asked_where_nobody_answers(roles.PRODUCER),
        (finding(roles.PRODUCER, "probe-wrong"),),
        deadline_s=100.0,
    ),
    Scenario(
        "producer-asks-for-too-much",
        workloads.edited(
            roles.PRODUCER,
            templates.resources({"cpu": "64"}, {"cpu": "64"}),
            "more cores than there are",
            workloads.NOT_SCHEDULED,
        ),
        (finding(roles.PRODUCER, "request-too-large"),),
        deadline_s=90.0,
    ),
    Scenario(
        "producer-rollout-paused",
        workloads.paused_rollout(roles.PRODUCER),
        (finding(roles.PRODUCER, "rollout-paused"),),
        deadline_s=90.0,
    ),
    Scenario(
        "producer-hung",
        processes.process_stopped(roles.PRODUCER),
        (finding(roles.PRODUCER, *HUNG),),
        before_landed=True,
    ),
    Scenario(
        "producer-process-killed",
        processes.process_killed(roles.PRODUCER),
        (finding(roles.PRODUCER, "process-crashed", "pod-replaced"),),
        before_landed=True,
    ),
    Scenario(
        "producer-out-of-memory",
        processes.out_of_memory_then_new_pods(roles.PRODUCER),
        (finding(roles.PRODUCER, "out-of-memory"),),
        (checks.PODS_READY.of("producer"),),
    ),
    Scenario(
        "producer-scaled-to-zero",
        workloads.scaled(roles.PRODUCER, 0),
        (finding(roles.PRODUCER, "scaled-to-zero"),),
        (checks.PODS_READY.of("producer"),),
        min_duration_s=45.0,
    ),
)
LASTING: Final = (
    Scenario(
        "data-clock-wrong",
        meanwhile.messages("readings that say that they are two hours old"),
        (finding(roles.PRODUCER, "data-clock-wrong"),),
        (checks.KEY_METRIC.of("end-to-end-latency"),),
        deadline_s=200.0,  # it takes three minutes of steady writes, and the row before held them up
        meanwhile=meanwhile.late_clock(10.0),
    ),
    Scenario(
        "poison-messages",
        meanwhile.messages("messages that are no readings"),
        (finding(roles.PRODUCER, "poison-messages"),),
        deadline_s=90.0,
        meanwhile=meanwhile.poison(5.0),
    ),
)
"""What they leave behind shows for minutes."""
