"""The run for machines: reports/daily.json."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline_services.reporting.run.outcome import CaseResult, Outcome, verdict_of

if TYPE_CHECKING:
    from pipeline_services.triage.model import Diagnosis


def document(
    results: Sequence[CaseResult], run: Mapping[str, Any], played: Mapping[str, Any], diagnosis: Diagnosis | None
) -> dict[str, Any]:
    """The verdict, the counts, what triage found, and one entry for each case.

    ``runbook`` is an anchor in RUNBOOK.md, ``escalation`` L1, L2, L3 or empty where nobody needs to act, ``cause`` the
    id of the cause that explains the case or empty; ``exempted`` is there where it failed and that is let pass; ``run``
    says when, where and by what was judged.

    Args:
        played: the scenarios, in a run that plays any; else empty.
        diagnosis: what triage says of a run that is not green; without it the document has no ``diagnosis``.
    """
    counts = Counter(result.outcome for result in results)
    return {
        "verdict": verdict_of(results).value,
        "counts": {outcome.value: counts[outcome] for outcome in Outcome},
        "run": dict(run),
        **({"diagnosis": _diagnosis(diagnosis, results)} if diagnosis else {}),
        "checks": [_entry(result) for result in results],
        **played,
    }


def _diagnosis(diagnosis: Diagnosis, results: Sequence[CaseResult]) -> dict[str, Any]:
    """The causes in their order, each with the checks that it explains, and the checks that none does."""
    from pipeline_services.reporting.run import explained  # noqa: PLC0415  a green run need not load triage

    causes = []
    for finding in explained.causes(diagnosis):
        checks = explained.explained_by(results, finding)
        explains = {"checks": len(checks), "components": explained.by_component(checks)}
        causes.append({**finding.to_dict(), "explains": explains})
    return {"causes": causes, "not_explained": [result.id for result in explained.unexplained(results)]}


def _entry(result: CaseResult) -> dict[str, str]:
    return {
        "id": result.id,
        "component": result.component,
        "outcome": result.outcome.value,
        "message": result.finding.message,
        "runbook": result.finding.runbook or result.runbook,
        "escalation": result.finding.escalation,
        "cause": result.cause.cause.id if result.cause else "",
        **({"exempted": result.exempted} if result.exempted else {}),
    }
