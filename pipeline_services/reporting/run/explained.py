"""Which of triage's findings explains a case that is not green, and the level that is called for both. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from pipeline_services.model.metrics.advice import CONTACT, ESCALATE_TO, Escalation, whom
from pipeline_services.reporting.run.outcome import CaseResult, Category, Finding, Outcome
from pipeline_services.triage import model as triage
from pipeline_services.triage.diagnosis import leaves_open

NO_RULE: Final = "unknown"
"""The id of the cause that triage gives to what no rule explains: it repeats the check and explains nothing."""


def causes(diagnosis: triage.Diagnosis) -> list[triage.Finding]:
    """What explains something: what no rule explains is not among them."""
    return [finding for finding in diagnosis.findings if finding.cause.id != NO_RULE]


def cause_of(diagnosis: triage.Diagnosis, case: str, component: str, finding: Finding) -> triage.Finding | None:
    """The finding that explains what a case found, or None.

    Args:
        case: the node id.
        finding: what the case found; green ones and faults of the suite itself have no cause.
    """
    name = case.rpartition("::")[2]
    known = causes(diagnosis)
    if finding.outcome is Outcome.FAILED and name in diagnosis.red:
        return _first(known, component)
    missing = finding.outcome is Outcome.INCONCLUSIVE and finding.category is Category.INCONCLUSIVE
    if not missing or name in {one.check for one in diagnosis.unanswered}:
        return None
    named = (one for one in known if one.component in finding.message)
    open_by = (one for one in known if leaves_open(one, component, finding.message))
    return next(named, None) or _first(known, component) or next(open_by, None)


def _first(findings: Sequence[triage.Finding], component: str) -> triage.Finding | None:
    """The component's own finding before one that it suffers from."""
    own = [one for one in findings if one.component == component]
    return next(iter([*own, *(one for one in findings if component in one.affects)]), None)


def level_of(diagnosis: triage.Diagnosis, component: str, cause: triage.Finding | None) -> Escalation | None:
    """Whom triage calls about a case of the component; None where it has nothing to say of it."""
    if cause is None:
        cause = next((one for one in diagnosis.findings if (one.cause.id, one.component) == (NO_RULE, component)), None)
    return cause.cause.escalation if cause else None


def called(finding: Finding, level: Escalation) -> Finding:
    """The same finding, with that level to be called, in its own words too: whom to call is said by the cause alone."""
    head, line, before = finding.message.rpartition(ESCALATE_TO)
    _, _, contact = before.partition(CONTACT)
    message = f"{head}{line}{whom(level, contact)}" if line else finding.message
    return replace(finding, escalation=level.name, message=message)


def explained_by(results: Iterable[CaseResult], cause: triage.Finding) -> list[CaseResult]:
    return [result for result in results if result.cause is cause]


def unexplained(results: Iterable[CaseResult]) -> list[CaseResult]:
    """The cases that are not green and that no finding explains."""
    return [result for result in results if result.outcome is not Outcome.PASSED and result.cause is None]


def by_component(results: Iterable[CaseResult]) -> dict[str, int]:
    """How many of the cases each component has, the most first."""
    return dict(Counter(result.component for result in results).most_common())
