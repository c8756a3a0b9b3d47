"""Pods that no node can take."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.causes.steps import DESCRIBE, DESCRIBE_WORKLOAD, HISTORY, READY, ROLL_BACK
from pipeline_services.triage.model import Cause

CAUSES: Final = (
    Cause(
        "request-too-large",
        "a pod requests more than any node has",
        Escalation.L2,
        "high-resource-usage",
        steps=(DESCRIBE, HISTORY, ROLL_BACK),
        undo=ROLL_BACK,
        afterwards=READY,
    ),
    Cause(
        "placement-impossible",
        "no node fits the pod: selector, affinity or taint",
        Escalation.L2,
        "pod-status",
        steps=(DESCRIBE_WORKLOAD, HISTORY, ROLL_BACK),
        undo=ROLL_BACK,
        afterwards=READY,
    ),
)
