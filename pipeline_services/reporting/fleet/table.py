"""The fleet on a terminal: pipeline by component, then what is wrong with each that is not healthy. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline_services.checklist.run import FAILED, INCONCLUSIVE
from pipeline_services.model.exit_codes import FOUND, NOT_KNOWN, PASSED, REFUSED
from pipeline_services.model.text import columns, plural
from pipeline_services.reporting.fleet.standing import Standing

WORDS: Final = {PASSED: "ok", FOUND: "FAILED", NOT_KNOWN: "INCONCLUSIVE", REFUSED: "REFUSED"}
NOT_HERE: Final = "-"
FINE: Final = ("ok", NOT_HERE)
_SHOWN: Final = 3


def components(rows: Sequence[Standing]) -> list[str]:
    """The components of all pipelines, in the order in which they first stand."""
    return list(dict.fromkeys(name for row in rows for name in row.parts))


def cell(row: Standing, component: str) -> str:
    """``ok``, ``2 failed``, ``1 ?`` or ``?`` for what is not known, ``-`` for a component that it does not have."""
    if row.error:
        return "?"
    counts = row.parts.get(component)
    if counts is None:
        return NOT_HERE
    if counts.get(FAILED):
        return f"{counts[FAILED]} failed"
    return f"{counts[INCONCLUSIVE]} ?" if counts.get(INCONCLUSIVE) else "ok"


def lines(rows: Sequence[Standing]) -> list[str]:
    """The whole report."""
    return [*table(rows), *(line for row in rows if row.code != PASSED for line in about(row)), "", summary(rows)]


def table(rows: Sequence[Standing]) -> list[str]:
    """A row for each pipeline; a column for each component that is not ok everywhere."""
    known = components(rows)
    troubled = [name for name in known if any(cell(row, name) not in FINE for row in rows if not row.error)]
    well = [name for name in known if name not in troubled]
    cells = [["pipeline", "verdict", *troubled]]
    cells += [[row.name, WORDS[row.code], *(cell(row, name) for name in troubled)] for row in rows]
    return [*columns(cells), *([f"ok in all: {', '.join(well)}"] if well else [])]


def about(row: Standing) -> list[str]:
    """What is wrong with one: what triage says of it, else its checks, else why nothing is known."""
    told = [row.error] if row.error else [*row.causes] or [*row.wrong]
    more = [f"{len(told) - _SHOWN} more"] if len(told) > _SHOWN else []
    return ["", f"{WORDS[row.code]}  {row.name}  ({row.where})", *(f"  {line}" for line in [*told[:_SHOWN], *more])]


def summary(rows: Sequence[Standing]) -> str:
    """The last line: ``FAILED: of 40 pipelines 2 failed (line-3, line-9), 1 inconclusive (line-7), 37 healthy``."""
    failed = [row.name for row in rows if row.code == FOUND]
    unknown = [row.name for row in rows if row.code in (NOT_KNOWN, REFUSED)]
    healthy = len(rows) - len(failed) - len(unknown)
    word = "FAILED" if failed else "INCONCLUSIVE" if unknown else "PASSED"
    told = [
        f"{len(names)} {what} ({', '.join(names)})"
        for what, names in (("failed", failed), ("inconclusive", unknown))
        if names
    ]
    return f"{word}: of {plural(len(rows), 'pipeline')} {', '.join([*told, f'{healthy} healthy'])}"
