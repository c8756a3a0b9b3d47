"""Checks without pytest: run on a snapshot, for those who want to know which of them are not green."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pipeline_services.checklist.model import Case, Check, Parameters
from pipeline_services.model.errors import PipelineError
from pipeline_services.snapshot.snapshot import Snapshot

FAILED: Final = "failed"
INCONCLUSIVE: Final = "inconclusive"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A case that is not green: failed or inconclusive, and the first line of why."""

    case: Case
    outcome: str
    why: str

    @property
    def id(self) -> str:
        """The case's id as text."""
        return str(self.case.id)

    @property
    def check(self) -> Check:
        """The check that the case belongs to."""
        return self.case.check

    @property
    def parameters(self) -> Parameters:
        """The parameters of the case."""
        return self.case.id.parameters

    @property
    def component(self) -> str:
        """The component that the case names."""
        return self.case.component

    @property
    def failed(self) -> bool:
        """Whether the pipeline is not as it should be, as against that it could not be known."""
        return self.outcome == FAILED


def run_checks(snapshot: Snapshot, cases: Iterable[Case]) -> dict[str, CheckResult]:
    """The cases that are not green, by id, in their order."""
    found = {}
    for case in cases:
        try:
            case.judge(snapshot)
        except AssertionError as deviation:
            why = str(deviation).partition("\n")[0]
            found[str(case.id)] = CheckResult(case, FAILED, why)
        except PipelineError as error:
            found[str(case.id)] = CheckResult(case, INCONCLUSIVE, error.message)
    return found
