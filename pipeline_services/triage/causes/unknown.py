"""What the checks see and no rule explains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from pipeline_services.checklist.run import CheckResult
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.triage.causes.finding import About, make_finding
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Confidence, Finding
from pipeline_services.triage.steps import GREEN

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


def findings(evidence: Evidence, explained_by: Sequence[Finding]) -> Iterator[Finding]:
    """One finding for each component whose failed checks no other finding explains."""
    explained = {component for finding in explained_by for component in finding.affects}
    left: dict[str, list[CheckResult]] = {}
    for one in evidence.results.values():
        if one.failed and one.component not in explained:
            left.setdefault(one.component, []).append(one)
    for component, failed in left.items():
        told = make_finding(
            About(evidence, component, affects={component}),
            "unknown",
            f"{component}: {failed[0].why}",
            *(f"{one.id}: {one.why}" for one in failed),
            confidence=Confidence.LOW,
        )
        level = max((one.level for one in failed), key=list(Escalation).index)
        yield replace(told, cause=replace(told.cause, escalation=level))
