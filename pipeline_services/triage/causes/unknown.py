"""What no rule explains."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.causes.steps import GREEN
from pipeline_services.triage.model import Cause

CAUSES: Final = (
    Cause(
        "unknown",
        "the cause is not known",
        Escalation.L2,
        "troubleshooting-workflow",
        symptomatic=True,
        steps=(
            "kubectl get pods -n {namespace} -o wide",
            "kubectl get events -n {namespace} --sort-by=.lastTimestamp",
            "make daily",
        ),
        afterwards=GREEN,
    ),
)
