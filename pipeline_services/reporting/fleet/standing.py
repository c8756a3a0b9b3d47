"""How a pipeline of the fleet stands: a snapshot in, its row of the table out. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline_services.checklist.checks import cases
from pipeline_services.checklist.run import FAILED, INCONCLUSIVE, run_checks
from pipeline_services.model.errors import PipelineError, PreconditionNotMet
from pipeline_services.model.exit_codes import FOUND, NOT_KNOWN, PASSED, REFUSED
from pipeline_services.model.settings import Settings
from pipeline_services.model.text import one_line
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.diagnosis import diagnose

PASSED_CHECKS = "passed"


@dataclass(frozen=True, slots=True)
class Standing:
    """A row of the table.

    Attributes:
        where: context and namespace. code: the exit code that its daily run would have.
        parts: of each component how many checks passed, failed and are inconclusive, by these words.
        causes: what triage says, the first thing to act on first. wrong: a line for each check that is not green.
        error: why nothing is known, where nothing is.
        seconds: how long it took.
    """

    name: str
    where: str
    code: int
    parts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    causes: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    error: str = ""
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The row as fleet.json has it."""
        return {
            "name": self.name,
            "where": self.where,
            "exit_code": self.code,
            "components": {name: dict(counts) for name, counts in self.parts.items()},
            "causes": list(self.causes),
            "checks": list(self.wrong),
            "error": self.error,
            "seconds": round(self.seconds, 2),
        }


def standing(name: str, snapshot: Snapshot, settings: Settings) -> Standing:
    """How the pipeline stands that the snapshot shows."""
    judged = cases(snapshot.pipeline, settings, "daily")
    found = run_checks(snapshot, judged)
    parts: dict[str, Counter[str]] = {}
    for case in judged:
        known = found.get(str(case.id))
        parts.setdefault(case.component, Counter())[known.outcome if known else PASSED_CHECKS] += 1
    outcomes = {one.outcome for one in found.values()}
    findings = diagnose(snapshot, settings).findings if found else ()
    ranked = sorted(parts, key=snapshot.pipeline.rank)
    return Standing(
        name,
        f"{snapshot.context}, {snapshot.namespace}",
        FOUND if FAILED in outcomes else NOT_KNOWN if INCONCLUSIVE in outcomes else PASSED,
        {part: parts[part] for part in ranked},
        tuple(f"{one.component}: {one.sentence}" for one in findings),
        tuple(f"{one.outcome} {one.component} {one.id}: {one.why}" for one in found.values()),
    )


def unanswered(name: str, where: str, error: PipelineError) -> Standing:
    """How one stands of which nothing could be asked, or that the file has wrong."""
    code = REFUSED if isinstance(error, PreconditionNotMet) else NOT_KNOWN
    return Standing(name, where, code, error=one_line(error))


def verdict(rows: list[Standing]) -> int:
    """The exit code of the whole fleet: one failed, else one is inconclusive, else all are healthy."""
    codes = {row.code for row in rows}
    if FOUND in codes:
        return FOUND
    return PASSED if codes <= {PASSED} else NOT_KNOWN
