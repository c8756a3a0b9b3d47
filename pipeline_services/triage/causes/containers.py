"""Containers that cannot start or that ended."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.causes.steps import BEFORE, DESCRIBE, HISTORY, READY, ROLL_BACK
from pipeline_services.triage.model import Cause

CAUSES: Final = (
    Cause(
        "process-crashed",
        "a process exited and was restarted",
        Escalation.L1,
        "self-healing",
        heals_within=60,
        steps=(BEFORE, "kubectl get pods -n {namespace} -l {selector} --watch"),
        afterwards=READY,
    ),
    Cause(
        "crash-loop",
        "a process exits again and again",
        Escalation.L2,
        "pod-status",
        symptomatic=True,
        steps=(BEFORE, HISTORY, ROLL_BACK),
        undo=ROLL_BACK,
        afterwards=READY,
    ),
    Cause(
        "image-unavailable",
        "the image cannot be pulled",
        Escalation.L2,
        "configuration",
        steps=(HISTORY, ROLL_BACK),
        undo=ROLL_BACK,
        afterwards=READY,
    ),
    Cause(
        "container-cannot-start",
        "the container's command or settings are invalid",
        Escalation.L2,
        "pod-status",
        steps=(DESCRIBE, HISTORY, ROLL_BACK),
        undo=ROLL_BACK,
        afterwards=READY,
    ),
)
