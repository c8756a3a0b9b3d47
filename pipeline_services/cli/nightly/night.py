"""A whole night as a value: its steps, its verdict, its exit code, and the line that the history keeps of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.cli.nightly.results import FAILED, INCONCLUSIVE, PASSED, Check, State, StepResult, worse
from pipeline_services.model import exit_codes
from pipeline_services.model.installation import Installation

_OUTCOMES: Final[Mapping[int | None, str]] = {exit_codes.PASSED: PASSED, exit_codes.FOUND: FAILED}


@dataclass(frozen=True, slots=True)
class Night:
    """What came of a night.

    Attributes:
        started, ended: seconds since the epoch.
        steps: in the order in which they were planned, those that were not run included.
        stopped_by: Ctrl-C or the signal that ended it, or empty.
    """

    started: float
    ended: float
    steps: Sequence[StepResult]
    stopped_by: str = ""

    @property
    def checks(self) -> dict[str, Check]:
        """Every check of the night by its id; one that ran in two steps has the worse outcome."""
        found: dict[str, Check] = {}
        for step in self.steps:
            for name, check in step.checks.items():
                before = found.get(name)
                if before is None or worse(before.outcome, check.outcome) != before.outcome:
                    found[name] = check
        return found

    @property
    def recoveries(self) -> dict[str, float]:
        """By scenario the seconds until the pipeline had recovered."""
        return {name: value for step in self.steps for name, value in step.recoveries.items()}

    @property
    def installation(self) -> Installation | None:
        """What the night was about, as its last step that knows says: a repair may make the cluster anew."""
        return next((one.installation for one in reversed(self.steps) if one.installation), None)

    @property
    def verdict(self) -> str:
        """passed, failed or inconclusive; a step that did not run to its end is never a pass."""
        outcomes = [check.outcome for check in self.checks.values()]
        outcomes += [step_outcome(step) for step in self.steps]
        return max(outcomes, key=(PASSED, INCONCLUSIVE, FAILED).index, default=INCONCLUSIVE)

    @property
    def code(self) -> int:
        if self.stopped_by:
            return exit_codes.stopped_by(self.stopped_by)
        if self.verdict == FAILED:
            return exit_codes.FOUND
        if any(step.code == exit_codes.SUITE_FAILED for step in self.steps):
            return exit_codes.SUITE_FAILED
        return exit_codes.PASSED if self.verdict == PASSED else exit_codes.NOT_KNOWN

    def kept(self) -> dict[str, Any]:
        """The night as one line of the history."""
        return {
            **(self.installation.document() if self.installation else {}),
            "started": float(int(self.started)),  # whole seconds, as in the name of its folder
            "ended": round(self.ended, 1),
            "verdict": self.verdict,
            "steps": {
                one.name: {
                    "state": one.state.value,
                    "code": one.code,
                    "seconds": round(one.seconds, 1),
                    "checks": {name: check.outcome for name, check in one.checks.items()},
                    "notes": list(one.notes),
                }
                for one in self.steps
            },
            "recoveries": self.recoveries,
        }


def step_outcome(step: StepResult) -> str:
    """What a step by itself says: its checks may all have passed, and it may still not have come to its end."""
    if step.state is not State.RAN:
        return INCONCLUSIVE
    return _OUTCOMES.get(step.code, INCONCLUSIVE)
