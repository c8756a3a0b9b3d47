"""After a daily run that is not green: triage on the run's own snapshot, in a few lines and as evidence."""

from __future__ import annotations

import time
from dataclasses import dataclass

from pipeline_services.model.settings import Settings
from pipeline_services.model.text import one_line
from pipeline_services.reporting.run.outcome import finding_of
from pipeline_services.snapshot.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Triaged:
    """What triage says of a run.

    Attributes:
        lines: for the terminal, under the summary.
        text: the whole answer, for the report; empty where triage itself failed.
        document: the same for programs: triage.json.
    """

    lines: tuple[str, ...]
    text: str = ""
    document: str = ""


def triaged(snapshot: Snapshot, settings: Settings) -> Triaged:
    """Ask triage. Whatever becomes of it, the run's own verdict stands: a fault in it is said and hides nothing."""
    try:
        return _asked(snapshot, settings)
    except Exception as error:  # noqa: BLE001  whatever it is, it must not take the findings of the run with it
        fault = finding_of(error)
        where = f" ({fault.where})" if fault.where else ""
        return Triaged((f"NO TRIAGE: {one_line(fault.message)}{where}. The verdict stands.",))


def _asked(snapshot: Snapshot, settings: Settings) -> Triaged:
    from pipeline_services.triage.diagnosis import diagnose  # noqa: PLC0415
    from pipeline_services.triage.incident import filing, terminal  # noqa: PLC0415  a green run need not load them
    from pipeline_services.triage.walk import workflow  # noqa: PLC0415  a green run need not load them

    diagnosis = diagnose(snapshot, settings)
    courses = [workflow.begin(finding, diagnosis.taken_at) for finding in diagnosis.findings]
    screen = terminal.screen(terminal.View(diagnosis, courses, time.time()))
    return Triaged(tuple(terminal.brief(diagnosis)), "\n".join(screen) + "\n", filing.text_of(diagnosis))
