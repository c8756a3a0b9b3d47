"""What a step found: each check's outcome from the report of its run, or, where it was stopped, from junit.xml."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from pipeline_services.model.installation import UID, Installation
from pipeline_services.model.text import first_line

PASSED: Final = "passed"
FAILED: Final = "failed"
INCONCLUSIVE: Final = "inconclusive"
_WORST: Final = (PASSED, INCONCLUSIVE, FAILED)
_NEXT: Final = "next: "
_CLOCK: Final = "recovered_after"


class State(StrEnum):
    """How far a step came."""

    RAN = "ran"
    STOPPED = "stopped"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found; ``outcome`` is passed, failed or inconclusive, ``seconds`` how long it took."""

    outcome: str
    message: str = ""
    runbook: str = ""
    escalation: str = ""
    seconds: float = 0.0

    @property
    def headline(self) -> str:
        """The first line of what it said."""
        return first_line(self.message)

    @property
    def next_step(self) -> str:
        """The command that it tells to type, or empty."""
        lines = (line.strip() for line in self.message.splitlines())
        return next((line.removeprefix(_NEXT) for line in lines if line.startswith(_NEXT)), "")


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step of the night.

    Attributes:
        code: its exit code; None where it was not run.
        why: why it was stopped, not run, or ended without any check.
        recoveries: by scenario the seconds until the pipeline had recovered.
        notes: what the step put right, a line each.
        installation: what its report is about; None where it left none, or does not know.
    """

    name: str
    state: State
    code: int | None = None
    seconds: float = 0.0
    why: str = ""
    checks: Mapping[str, Check] = field(default_factory=dict)
    recoveries: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    installation: Installation | None = None


def worse(one: str, other: str) -> str:
    """The worse of two outcomes."""
    return max(one, other, key=_WORST.index)


def read(report: Path, junit: Path) -> tuple[dict[str, Check], dict[str, float], Installation | None]:
    """The checks and the recovery times of a run, and what it was about.

    Args:
        report: ``<kind>.json``; it has the words, and is there only where the run came to its end.
        junit: ``junit.xml``; it has the seconds, and all that a stopped run left.
    """
    timed = _from_junit(junit)
    document = _json(report)
    if document is None:
        return timed, {}, None
    checks = {
        str(one["id"]): Check(
            str(one["outcome"]),
            str(one["message"]),
            str(one["runbook"]),
            str(one["escalation"]),
            timed[one["id"]].seconds if one["id"] in timed else 0.0,
        )
        for one in document.get("checks", ())
    }
    rows = document.get("scenarios", ())
    return checks, {str(row["id"]): float(row[_CLOCK]) for row in rows if _CLOCK in row}, _installation(document)


def _installation(document: Mapping[str, Any]) -> Installation | None:
    found = document.get("run", {}).get("installation")
    return Installation.from_document(found) if found and found[UID] else None


def _json(file: Path) -> dict[str, Any] | None:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def _from_junit(file: Path) -> dict[str, Check]:
    """A stopped run's cases; a file that was cut off has none."""
    try:
        root = ElementTree.parse(file).getroot()
    except (FileNotFoundError, ElementTree.ParseError):
        return {}
    return {f"{case.get('file')}::{case.get('name')}": _case(case) for case in root.iter("testcase")}


def _case(case: ElementTree.Element) -> Check:
    noted = {one.get("name"): one.get("value") for one in case.iter("property")}
    wrong = next((one for tag in ("failure", "error", "skipped") for one in case.iter(tag)), None)
    seconds = float(case.get("time") or 0)
    if wrong is None:
        return Check(PASSED, seconds=seconds)
    outcome = str(noted.get("outcome") or (FAILED if wrong.tag == "failure" else INCONCLUSIVE))
    return Check(outcome, (wrong.text or wrong.get("message") or "").strip(), seconds=seconds)
