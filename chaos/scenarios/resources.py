"""Section 3, scenario 5: memory, CPU, replicas, and the autoscalers."""

from __future__ import annotations

from functools import partial
from typing import Final

from chaos import expected_checks
from chaos.fault_builders import autoscalers, processes, workloads
from pipeline_services.checklist import checks
from pipeline_services.experiment.scenario import Heals, RecoveryPlan, Scenario, finding
from pipeline_services.model import roles

SECTION: Final = "high-resource-usage"

PLAN: Final = partial(RecoveryPlan, section=SECTION, reported_as="hpa")

RECOVERY: Final = (
    Scenario(
        "producer-out-of-memory",
        processes.out_of_memory(roles.PRODUCER),
        recovery=PLAN(
            roles.PRODUCER,
            symptoms=(expected_checks.bad_status(roles.PRODUCER),),
            audited=False,
            restarts_in_place=True,
        ),
    ),
    Scenario(
        "producer-scaled-by-hand",
        workloads.scaled(roles.PRODUCER, 3),
        recovery=PLAN(roles.PRODUCER, heals=Heals.BY_UNDO, hold_s=10.0, audited=False),
    ),
    Scenario(
        "processor-starved-of-cpu",
        processes.starved_of_cpu(roles.PROCESSOR, 15),
        (finding(roles.PROCESSOR, "cpu-throttled", "pod-edited"),),  # what was changed shows before what it does
        recovery=PLAN(
            roles.PROCESSOR,
            heals=Heals.BY_UNDO,
            symptoms=(
                expected_checks.metric_breached("consumer-lag"),
                expected_checks.metric_breached("cpu-throttling", roles.PROCESSOR),
            ),
            rate=1000.0,
            symptoms_timeout_s=270.0,
        ),
    ),
)
DIAGNOSIS: Final = (
    Scenario(
        "autoscaler-missing",
        autoscalers.missing(roles.PRODUCER),
        (finding("hpa", "autoscaler-missing"),),
        (checks.HPA_SET_AS_DOCUMENTED.of("{hpa:producer}"),),
        sample=True,
    ),
    Scenario(
        "autoscaler-bounds-wrong",
        autoscalers.bounds(roles.PROCESSOR, 2),
        (finding("hpa", "autoscaler-wrong"),),
        (checks.HPA_SET_AS_DOCUMENTED.of("{hpa:processor}"),),
    ),
    Scenario(
        "autoscaler-target-wrong",
        autoscalers.target(roles.PROCESSOR, "procesor"),
        (finding("hpa", "autoscaler-wrong"),),
    ),
)
