"""From an exception to the operator's first question: is the pipeline wrong, or could we not know?"""

from __future__ import annotations

import re
import traceback
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.known_issues import KnownIssue
from pipeline_services.model import exit_codes
from pipeline_services.model.errors import PipelineError

if TYPE_CHECKING:
    from pipeline_services.triage.model import Finding as Cause

_COMPARED: Final = re.compile(r"\s*(<=?|>=?)")


class Outcome(StrEnum):
    """What a case found."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"

    @property
    def exit_code(self) -> int:
        """What the process ends with when this is the run's verdict."""
        codes = {Outcome.PASSED: exit_codes.PASSED, Outcome.FAILED: exit_codes.FOUND}
        return codes.get(self, exit_codes.NOT_KNOWN)


class Category(StrEnum):
    """Why a case is not simply green; the report groups by it."""

    NONE = ""
    THRESHOLD = "threshold breached"
    FAULT = "pipeline fault"
    KNOWN_ISSUE = "known issue"
    INCONCLUSIVE = "inconclusive"
    SUITE_ERROR = "suite error"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one exception, or none, means.

    ``where`` is the file and line of what is no deviation, ``runbook`` the anchor that a deviation names.
    """

    outcome: Outcome
    category: Category
    message: str = ""
    escalation: str = ""
    next_step: str = ""
    where: str = ""
    runbook: str = ""


PASSED: Final = Finding(Outcome.PASSED, Category.NONE)


@dataclass(slots=True)
class CaseResult:
    """What is known of one case at the end of the run.

    Attributes:
        id: the node id, which pytest takes as an argument.
        runbook: the anchor in RUNBOOK.md; empty where the case names none.
        sources: the parts of the snapshot that the judgement read.
        seconds: set-up, call and tear-down together.
        known_issues: what the case let pass, and how often it was seen.
        reading: what a metric's case measured, in words.
        warning: the metric is past its warn level, though within its fail level.
        exempted: the case failed, and the profile lets that pass: until when, who, why, and what was found.
        cause: what triage found that explains why the case is not green; None where nothing does.
    """

    id: str
    component: str
    runbook: str
    finding: Finding = PASSED
    seconds: float = 0.0
    sources: tuple[str, ...] = ()
    known_issues: Counter[KnownIssue] = field(default_factory=Counter)
    reading: str = ""
    warning: str = ""
    exempted: str = ""
    cause: Cause | None = None

    @property
    def outcome(self) -> Outcome:
        return self.finding.outcome

    def add(self, finding: Finding) -> None:
        """Take in what another phase of the case found; the worst one stays, the first of equals."""
        if _RANK[finding.outcome] > _RANK[self.finding.outcome]:
            self.finding = finding


_RANK: Final = {Outcome.PASSED: 0, Outcome.INCONCLUSIVE: 1, Outcome.FAILED: 2}


def finding_of(error: BaseException) -> Finding:
    """An AssertionError is a failure, a PipelineError inconclusive; anything else is a fault of the suite itself."""
    if isinstance(error, Deviation):
        category = Category.THRESHOLD if _COMPARED.match(error.threshold) else Category.FAULT
        advice = error.advice
        return Finding(Outcome.FAILED, category, str(error), advice.escalation.name, runbook=advice.runbook)
    if isinstance(error, AssertionError | pytest.fail.Exception):
        text = str(error) or "an assertion without a message"
        return Finding(Outcome.FAILED, Category.FAULT, text, "L2", where=_raised_at(error))
    if isinstance(error, PipelineError):
        return Finding(Outcome.INCONCLUSIVE, Category.INCONCLUSIVE, error.message, "L1", error.next_step)
    text = "".join(traceback.format_exception_only(error)).strip()
    return Finding(Outcome.INCONCLUSIVE, Category.SUITE_ERROR, text, "L2", where=_raised_at(error))


def _raised_at(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""


def verdict_of(results: Iterable[CaseResult]) -> Outcome:
    """The worst outcome. No case at all says nothing about the pipeline, so it is inconclusive."""
    return max((result.outcome for result in results), key=_RANK.__getitem__, default=Outcome.INCONCLUSIVE)
