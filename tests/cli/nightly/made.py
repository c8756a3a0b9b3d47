"""Nights, checks and histories made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline_services.cli.nightly.night import Night
from pipeline_services.cli.nightly.results import FAILED, INCONCLUSIVE, PASSED, Check, State, StepResult

DAY_S = 86_400.0
SAID = "kafka-0 is not ready\nimpact: no reading passes\nnext: kubectl get pod kafka-0\nescalate to: L2"
LEFT_OUT = StepResult("chaos", State.NOT_RUN, why="takes about 20 min, 12 min are left of the time box")
CUT_OFF = StepResult("matrix", State.STOPPED, 130, 60.0, "because the time box was over")
WORDS = {".": PASSED, "F": FAILED, "?": INCONCLUSIVE}


def ran(name: str, code: int = 0, **checks: str) -> StepResult:
    """A step that came to its end, with checks by name and outcome."""
    found = {check: Check(outcome, "" if outcome == PASSED else SAID) for check, outcome in checks.items()}
    return StepResult(name, State.RAN, code, 5.0, checks=found)


def night(*steps: StepResult, stopped_by: str = "", at: float = 0.0) -> Night:
    return Night(at, at + 60, steps, stopped_by)


def past(checks: Mapping[str, str], recoveries: Mapping[str, list[float]] | None = None) -> list[dict[str, Any]]:
    """A history, oldest first: a letter a night for each check.

    ``.`` passed, ``F`` failed, ``?`` not known, blank not run.
    """
    length = max([*map(len, checks.values()), *map(len, (recoveries or {}).values())])
    return [
        {
            "started": number * DAY_S,
            "verdict": PASSED,
            "steps": {
                "daily": {
                    **{"state": State.RAN.value, "code": 0, "seconds": 5.0},
                    "checks": {name: WORDS[row[number]] for name, row in checks.items() if row[number] != " "},
                }
            },
            "recoveries": {name: row[number] for name, row in (recoveries or {}).items() if number < len(row)},
        }
        for number in range(length)
    ]
