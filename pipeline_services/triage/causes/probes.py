"""Processes that do not answer, and probes that are wrong."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.causes.steps import DESCRIBE, HISTORY, LOGS, READY, ROLL_BACK
from pipeline_services.triage.model import Cause

CAUSES: Final = (
    Cause(
        "process-hung",
        "a process runs and does not answer",
        Escalation.L1,
        "pod-status",
        heals_within=120,
        steps=(LOGS, "kubectl delete pod -n {namespace} {pod}"),
        afterwards=READY,
    ),
    Cause(
        "probe-wrong",
        "a probe fails on a healthy process",
        Escalation.L2,
        "pod-status",
        steps=(DESCRIBE, HISTORY, ROLL_BACK),
        undo=ROLL_BACK,
        afterwards=READY,
    ),
)
