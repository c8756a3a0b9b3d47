"""Failures of an outage that is over."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.model import Cause

CAUSES: Final = (
    Cause(
        "outage-over",
        "the component has recovered; failures of the outage are still in logs and metrics",
        Escalation.L1,
        "self-healing",
        heals_within=150,
        steps=("kubectl get pods -n {namespace} -l {selector}", "make triage"),
        afterwards="make daily is green",
    ),
)
