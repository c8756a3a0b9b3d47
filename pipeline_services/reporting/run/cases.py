"""From pytest's items and reports to what is known of a case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pytest

from pipeline_services.model.exemptions import exemption_of
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.text import first_line
from pipeline_services.reporting.run.outcome import PASSED, Category, Finding, Outcome, finding_of
from pipeline_services.reporting.run.selection import RUN_MARKERS
from pipeline_services.snapshot.snapshot import Snapshot

OUTCOME: Final = "outcome"
"""The property of a report that has the outcome in the operator's words."""


@dataclass(frozen=True, slots=True)
class CaseLabels:
    """What the markers of a case say."""

    component: str
    runbook: str
    markers: tuple[str, ...]

    @classmethod
    def of(cls, item: pytest.Item, pipeline: Pipeline) -> CaseLabels:
        """Read them.

        Raises:
            pytest.UsageError: the case does not name a component of this pipeline or of the suite's own.
        """
        component = argument(item, "component")
        known = (*dict.fromkeys((*pipeline.reported, *Pipeline.load().reported)),)
        if component not in known:
            raise pytest.UsageError(f"{item.nodeid} needs @pytest.mark.component with one of: {', '.join(known)}")
        markers = tuple(name for name in RUN_MARKERS if item.get_closest_marker(name))
        return cls(component, argument(item, "runbook"), markers)


def argument(item: pytest.Item, marker: str) -> str:
    """The first argument of the case's marker of that name; empty where there is none."""
    found = item.get_closest_marker(marker)
    return str(found.args[0]) if found and found.args else ""


def phase_finding(report: pytest.TestReport, call: pytest.CallInfo[None]) -> Finding:
    """What one phase of the case means; a case that was not run is not known."""
    if report.skipped:
        return Finding(Outcome.INCONCLUSIVE, Category.SUITE_ERROR, f"was not run: {_reason(report)}", "L2")
    if call.excinfo is None or report.passed:
        return PASSED
    return finding_of(call.excinfo.value)


def let_pass(finding: Finding, case_id: str, snapshot: Snapshot) -> str:
    """Until when, by whom and why the profile lets a failure pass, and what failed; empty where it does not.

    Nothing but a failure is ever let pass: what is not known is not.
    """
    exemption = exemption_of(snapshot.pipeline.exemptions, case_id, snapshot.taken_at)
    if exemption is None or finding.outcome is not Outcome.FAILED:
        return ""
    return f"{case_id} {exemption}. Now: {first_line(finding.message)}"


def noted_outcome(report: pytest.TestReport) -> Outcome:
    """The outcome that was noted on the report of a case that is not green."""
    noted = dict(report.user_properties).get(OUTCOME, Outcome.FAILED)
    return Outcome(str(noted))


def _reason(report: pytest.TestReport) -> str:
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else "skipped"


def shown(finding: Finding, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    """What pytest keeps of the exception: the finding's words, and a traceback only where the code is of interest."""
    if not finding.where:
        return finding.message
    return str(excinfo.getrepr(style="short", showlocals=False, funcargs=False))
