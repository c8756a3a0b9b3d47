"""CPU and memory at their limits (section 3.5)."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.model.commands import TOP_PODS
from pipeline_services.triage.causes.steps import HISTORY, ROLL_BACK
from pipeline_services.triage.model import Cause

CAUSES: Final = (
    Cause(
        "out-of-memory",
        "a container needs more memory than its limit",
        Escalation.L2,
        "high-resource-usage",
        steps=(TOP_PODS, HISTORY, ROLL_BACK),
        undo=ROLL_BACK,
        afterwards="no restart for OOMKilled, memory below 90 % of the limit",
    ),
    Cause(
        "cpu-throttled",
        "a container is slowed down by its CPU limit",
        Escalation.L2,
        "high-resource-usage",
        steps=(
            TOP_PODS,
            "kubectl describe {workload} -n {namespace}",
            ROLL_BACK,
        ),
        undo=ROLL_BACK,
        afterwards="CPU below 80 % of the limit, the lag falls",
    ),
)
