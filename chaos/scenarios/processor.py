"""Section 3, scenario 2: the processor fails."""

from __future__ import annotations

from functools import partial
from typing import Final

from chaos import expected_checks
from chaos.fault_builders import configuration, meanwhile, pods_by_hand, processes, workloads
from chaos.fault_builders.common import with_own_apps
from chaos.scenarios.producer import HUNG
from pipeline_services.checklist import checks
from pipeline_services.experiment.expectations import expect_backlog_grew, expect_rejoined
from pipeline_services.experiment.scenario import Heals, RecoveryPlan, Scenario, finding
from pipeline_services.faults import templates
from pipeline_services.model import roles

SECTION: Final = "processor-pod-failure"
EXPECTATIONS: Final = (expect_backlog_grew, expect_rejoined)

PLAN: Final = partial(RecoveryPlan, roles.PROCESSOR, SECTION, expectations=EXPECTATIONS)

RECOVERY: Final = (
    Scenario(
        "processor-pod-deleted",
        processes.pod_deleted(roles.PROCESSOR),
        recovery=PLAN(symptoms=(expected_checks.pods_ready(roles.PROCESSOR),)),
    ),
    Scenario(
        "processor-process-killed",
        processes.process_killed(roles.PROCESSOR),
        recovery=PLAN(symptoms=(expected_checks.pods_ready(roles.PROCESSOR),), restarts_in_place=True),
    ),
    Scenario(
        "processor-hung",
        processes.process_stopped(roles.PROCESSOR),
        recovery=PLAN(symptoms=(expected_checks.pods_ready(roles.PROCESSOR),), restarts_in_place=True),
    ),
    Scenario(
        "processor-killed-before-commit",
        processes.killed_before_commit,
        recovery=PLAN(symptoms=(expected_checks.pods_ready(roles.PROCESSOR),), restarts_in_place=True),
    ),
    Scenario(
        "processor-token-wrong",
        configuration.wrong_token,
        (finding("config", "token-refused"),),
        recovery=PLAN(heals=Heals.BY_UNDO, symptoms=(expected_checks.token_refused(),), hold_s=10.0, stops_flow=True),
    ),
)
DIAGNOSIS: Final = (
    Scenario(
        "processor-restarted",
        workloads.restarted(roles.PROCESSOR),
        (finding(roles.PROCESSOR, "rollout-under-way", "pod-replaced"),),
        before_landed=True,
    ),
    Scenario(
        "processor-ends-at-once",
        workloads.exits_at_once(roles.PROCESSOR),
        (finding(roles.PROCESSOR, "not-as-declared", "crash-loop"),),
        (checks.PODS_READY.of("processor"),),
    ),
    Scenario(
        "processor-placed-nowhere",
        workloads.edited(
            roles.PROCESSOR,
            templates.node_selector({workloads.UNWANTED_LABEL: "ssd"}),
            "for nodes that there are not",
            workloads.NOT_SCHEDULED,
        ),
        (finding(roles.PROCESSOR, "placement-impossible"),),
        deadline_s=90.0,
    ),
    Scenario(
        "processor-memory-too-little",
        workloads.edited(
            roles.PROCESSOR,
            templates.resources({"memory": "24Mi"}, {"memory": "24Mi"}),
            "less memory than it starts with",
            workloads.NO_MEMORY,
        ),
        (finding(roles.PROCESSOR, "out-of-memory"),),
        (checks.PODS_READY.of("processor"),),
        deadline_s=90.0,
        min_duration_s=30.0,
    ),
    Scenario(
        "processor-hung",
        processes.process_stopped(roles.PROCESSOR),
        (finding(roles.PROCESSOR, *HUNG),),
        before_landed=True,
        sample=True,
    ),
    Scenario(
        "processor-one-of-two-hung",
        processes.first_process_stopped(roles.PROCESSOR),
        (finding(roles.PROCESSOR, *HUNG), finding("hpa", "not-as-declared")),  # which is held, so that both pods stay
        before_landed=True,
        arranged=workloads.scaled(roles.PROCESSOR, 2),
    ),
    Scenario(
        "processor-starved-of-cpu",
        processes.starved_of_cpu(roles.PROCESSOR, 15),
        (finding(roles.PROCESSOR, "cpu-throttled"), finding("hpa", "autoscaler-wrong")),  # which must not add pods
        (checks.HPA_SET_AS_DOCUMENTED.of("{hpa:processor}"),),
        further_causes=frozenset({"processing-too-slow"}),
        deadline_s=90.0,
    ),
)
LASTING: Final = (
    Scenario(
        "partitions-read-by-another",
        meanwhile.partitions_shared("another member of the processors' group holds partitions and stores nothing"),
        (finding(roles.PROCESSOR, "group-joined", "partitions-unread", "processing-too-slow"),),
        (checks.KEY_METRIC.of("processor-matches-producer"), checks.PROCESSORS_ONLY),
        deadline_s=150.0,
        meanwhile=meanwhile.idle_member,
    ),
    Scenario(
        "partitions-held-by-nobody",
        with_own_apps(pods_by_hand.member_left_behind, pods_by_hand.IN_THEIR_IMAGE),
        (finding(roles.PROCESSOR, "group-joined"),),
        (checks.PROCESSORS_ONLY, checks.CONSUMER_GROUP_STABLE),
        deadline_s=120.0,
        min_duration_s=75.0,
        may_blame=frozenset({roles.PRODUCER, "hpa"}),  # the pod that goes bears the producer's label
        met=("apache/kafka#6177",),
    ),
)
"""What it leaves behind shows for minutes."""
