"""Checks without pytest: run on a snapshot, for those who want to know which of them are not green."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pipeline_services.checklist.model import Case, Check, Parameters
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.model.errors import NotAsked, PipelineError
from pipeline_services.model.exemptions import exemption_of
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.model.text import first_line
from pipeline_services.snapshot.snapshot import Snapshot

FAILED: Final = "failed"
INCONCLUSIVE: Final = "inconclusive"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A case that is not green: failed or inconclusive, the first line of why, and whom to call where it failed."""

    case: Case
    outcome: str
    why: str
    level: Escalation = Escalation.L2

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
        return self.case.id.parameters

    @property
    def component(self) -> str:
        """The component that the case names."""
        return self.case.component

    @property
    def failed(self) -> bool:
        """Whether the pipeline is not as it should be, as opposed to that it could not be known."""
        return self.outcome == FAILED


def unasked(snapshot: Snapshot, cases: Iterable[Case]) -> frozenset[str]:
    """The ids of the cases that rest on what the suite that took the snapshot did not know yet."""
    found = []
    for case in cases if snapshot.unasked else ():
        try:
            case.judge(snapshot)
        except NotAsked:
            found.append(str(case.id))
        except (AssertionError, PipelineError, LookupError, TypeError, ValueError, AttributeError):
            continue  # found again, and said, when the case is run
    return frozenset(found)


def run_checks(snapshot: Snapshot, cases: Iterable[Case]) -> dict[str, CheckResult]:
    """The cases that are not green, by id, in their order.

    Left out are those that the suite which took the snapshot did not know yet, and those that failed and are exempted.
    """
    found = {}
    for case in cases:
        try:
            case.judge(snapshot)
        except NotAsked:
            continue  # an older suite took the snapshot: the check is not among those that it can answer
        except Deviation as deviation:
            why = first_line(deviation)
            found[str(case.id)] = CheckResult(case, FAILED, why, deviation.advice.escalation)
        except AssertionError as error:
            found[str(case.id)] = CheckResult(case, FAILED, first_line(error))
        except PipelineError as error:
            found[str(case.id)] = CheckResult(case, INCONCLUSIVE, error.message)
    exemptions, at = snapshot.pipeline.exemptions, snapshot.taken_at
    return {name: one for name, one in found.items() if not (one.failed and exemption_of(exemptions, name, at))}
