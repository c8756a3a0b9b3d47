"""The run for machines: reports/daily.json."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline_services.reporting.run.outcome import CaseResult, Outcome, verdict_of


def document(
    results: Sequence[CaseResult], run: Mapping[str, Any], played: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The verdict, the counts and one entry for each case.

    ``runbook`` is an anchor in RUNBOOK.md, ``escalation`` L1, L2, L3 or empty where nobody needs to act; ``run`` says
    when, where and by what was judged. ``played``: the scenarios, in a run that plays any.
    """
    counts = Counter(result.outcome for result in results)
    return {
        "verdict": verdict_of(results).value,
        "counts": {outcome.value: counts[outcome] for outcome in Outcome},
        "run": dict(run),
        "checks": [_entry(result) for result in results],
        **(played or {}),
    }


def _entry(result: CaseResult) -> dict[str, str]:
    return {
        "id": result.id,
        "component": result.component,
        "outcome": result.outcome.value,
        "message": result.finding.message,
        "runbook": result.finding.runbook or result.runbook,
        "escalation": result.finding.escalation,
    }


def text(results: Sequence[CaseResult], run: Mapping[str, Any], played: Mapping[str, Any] | None = None) -> str:
    """The document as it is written to the file."""
    return json.dumps(document(results, run, played), indent=2, ensure_ascii=False) + "\n"
