"""Puts what triage wrote into the reports' folder, each file whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pipeline_services.model.atomic import write_json, write_whole
from pipeline_services.model.text import file_time
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.incident import bundle
from pipeline_services.triage.incident.incident import Incident, markdown
from pipeline_services.triage.incident.kept import prune
from pipeline_services.triage.model import Diagnosis
from pipeline_services.triage.walk import workflow
from pipeline_services.triage.walk.workflow import Course

TRIAGE: Final = "triage.json"
_OWNERS: Final = 0o600
"""For what holds the whole snapshot, as snapshot.json itself."""


@dataclass(frozen=True, slots=True)
class Filed:
    """What was written: the answer for programs always, the others where there are findings."""

    triage: Path
    incident: Path | None = None
    bundle: Path | None = None


def file(
    folder: Path,
    now: Diagnosis,
    first: Diagnosis,
    snapshot: Snapshot | None,
    courses: Sequence[Course],
    *,
    last: Snapshot | None = None,
) -> Filed:
    """Write the answer, and where something was found the incident; the bundle where it is escalated.

    Args:
        now: what the last look came to.
        first: what the first one did, on ``snapshot``; the incident is about it.
        courses: every finding that there was, with its way through the flowchart.
        last: what ``now`` was seen on, where it is not the first.

    Raises:
        OSError: the folder cannot be written to.
    """
    filed = Filed(write_json(folder / TRIAGE, now.to_dict()))
    if snapshot is None or not courses:
        return filed
    at = snapshot.taken_at
    name = f"incident-{file_time(at)}.md"
    written = max(now.taken_at, *(course.steps[-1].at for course in courses))
    ended = tuple(workflow.documented(course, written, name) for course in courses)
    handed = [course.finding for course in ended if course.hands_over]
    incident = Incident(snapshot, ended, first.red, now.unanswered, bundle.file_name(at) if handed else "", last)
    document = markdown(incident)
    filed = replace(filed, incident=write_whole(folder / name, document.encode()))
    prune(folder)
    if not handed:
        return filed
    archive = bundle.packed(bundle.members(snapshot, now, handed, document), at)
    filed = replace(filed, bundle=write_whole(folder / bundle.file_name(at), archive, _OWNERS))
    prune(folder)
    return filed
