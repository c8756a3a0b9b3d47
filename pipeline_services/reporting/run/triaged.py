"""What triage makes of a daily run's own snapshot, asked for once, when the first case is not green.

A green run does not load this, nor triage.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline_services.model.say import Say
from pipeline_services.model.settings import Settings
from pipeline_services.model.text import one_line
from pipeline_services.reporting.allure import page_texts
from pipeline_services.reporting.run import explained
from pipeline_services.reporting.run.outcome import CaseResult, Finding, Outcome, finding_of
from pipeline_services.reporting.runbook.runbook import Section
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage import diagnosis as triage
from pipeline_services.triage.incident import filing, terminal
from pipeline_services.triage.model import Diagnosis
from pipeline_services.triage.model import Finding as Cause
from pipeline_services.triage.walk import workflow
from pipeline_services.triage.walk.workflow import Course


@dataclass(frozen=True, slots=True)
class Triaged:
    """What triage says of a run; ``trouble`` is the line for the terminal where triage itself failed."""

    diagnosis: Diagnosis | None = None
    trouble: str = ""

    def attribute(self, result: CaseResult, finding: Finding) -> Finding:
        """Note what explains the case; returns what it found with the level that its cause calls."""
        if self.diagnosis is None or finding.outcome is Outcome.PASSED:
            return finding
        cause = explained.cause_of(self.diagnosis, result.id, result.component, finding)
        result.cause = result.cause or cause
        level = explained.level_of(self.diagnosis, result.component, cause)
        return explained.called(finding, level) if level else finding

    def causes(self) -> list[Cause]:
        """What explains something, in triage's order."""
        return explained.causes(self.diagnosis) if self.diagnosis else []

    def banner(self, results: Sequence[CaseResult], sections: Mapping[str, Section]) -> str:
        """The causes as HTML."""
        return page_texts.banner(self.diagnosis, results, sections) if self.diagnosis else ""

    def text(self) -> str:
        """The whole answer, as ``make triage`` shows it; empty where triage itself failed."""
        if self.diagnosis is None:
            return ""
        shown = terminal.screen(terminal.View(self.diagnosis, _courses(self.diagnosis), time.time(), watch=""))
        return "\n".join(shown) + "\n"

    def file(self, folder: Path, snapshot: Snapshot, say: Say) -> list[Path]:
        """Write the answer for programs, the incident, and what to hand over where somebody else has to act.

        Raises:
            OSError: the folder cannot be written to.
        """
        if self.diagnosis is None:
            return []
        try:
            filed = filing.file(folder, self.diagnosis, self.diagnosis, snapshot, _courses(self.diagnosis))
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001  as in triaged
            say(f"NO INCIDENT: {_fault(error)}. The verdict is still valid.")
            return []
        return [path for path in (filed.triage, filed.incident, filed.bundle) if path]


def _courses(diagnosis: Diagnosis) -> list[Course]:
    return [workflow.begin(finding, diagnosis.taken_at) for finding in diagnosis.findings]


def triaged(snapshot: Snapshot, settings: Settings) -> Triaged:
    """Ask triage. Whatever becomes of it, the run's own verdict stands: a fault in it is said and hides nothing."""
    try:
        return Triaged(triage.diagnose(snapshot, settings))
    except Exception as error:  # noqa: BLE001  whatever it is, it must not take the findings of the run with it
        return Triaged(trouble=f"NO TRIAGE: {_fault(error)}. The verdict is still valid.")


def _fault(error: Exception) -> str:
    """What is wrong with triage itself, and where."""
    fault = finding_of(error)
    return one_line(fault.message) + (f" ({fault.where})" if fault.where else "")
