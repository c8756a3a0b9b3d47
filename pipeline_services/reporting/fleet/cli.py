"""The command: judges a fleet and writes its report, or judges the one pipeline that an index of a Job means."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from pipeline_services.model.arguments import Parser
from pipeline_services.model.atomic import write_json
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.exit_codes import REFUSED
from pipeline_services.model.paths import short
from pipeline_services.model.text import one_line
from pipeline_services.reporting.fleet.looking import look_at
from pipeline_services.reporting.fleet.members import Fleet
from pipeline_services.reporting.fleet.page import page
from pipeline_services.reporting.fleet.standing import Standing, verdict
from pipeline_services.reporting.fleet.table import WORDS, lines
from pipeline_services.reporting.run.unwritten import Unwritten
from pipeline_services.snapshot.snapshot import Snapshot

INDEX: Final = "JOB_COMPLETION_INDEX"
"""Where Kubernetes tells a pod of an Indexed Job which one it is."""
REPORTS: Final = Path("reports")


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge what was asked for; returns the exit code.

    0: all are healthy; 1: one failed; 2: none failed, one is inconclusive; 4: the file is refused.
    """
    options = _parser().parse_args(arguments)
    try:
        fleet = _meant(Fleet.load(options.fleet), options.index)
    except PreconditionNotMet as error:
        sys.stderr.write(f"REFUSED: {one_line(error)}\n")
        return REFUSED
    return run(fleet, options.reports / "fleet")


def run(fleet: Fleet, folder: Path) -> int:
    """Judge the fleet, print and write its report; returns the exit code."""
    at, unwritten = time.time(), Unwritten(folder)
    rows = look_at(fleet, _kept_in(folder, unwritten), _said)
    for line in lines(rows):
        sys.stdout.write(f"{line}\n")
    try:
        _report(rows, folder, at)
    except OSError as error:
        unwritten.note(error)
    where = f"Report: {short(folder / 'index.html')}   (for machines: fleet.json)"
    sys.stdout.write(f"{unwritten.line if unwritten.why else where}\n")
    return verdict(rows)


def _kept_in(folder: Path, unwritten: Unwritten) -> Callable[[Standing, Snapshot], None]:
    """Keeps the snapshots of those that are not healthy."""

    def keep(row: Standing, snapshot: Snapshot) -> None:
        try:
            snapshot.save(folder / f"{row.name}.json")
        except OSError as error:
            unwritten.note(error)

    return keep


def _report(rows: list[Standing], folder: Path, at: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    document = {"taken_at": at, "exit_code": verdict(rows), "pipelines": [row.to_dict() for row in rows]}
    write_json(folder / "fleet.json", document)
    (folder / "index.html").write_text(page(rows, at), encoding="utf-8")


def _said(row: Standing) -> None:
    """On a terminal, that one is done: a slow cluster is seen to be waited for."""
    if sys.stderr.isatty():
        sys.stderr.write(f"{row.name}: {WORDS[row.code]} ({row.seconds:.1f} s)\n")


def _parser() -> Parser:
    parser = Parser(prog="python -m pipeline_services.reporting.fleet", description="Judge many pipelines at once.")
    parser.add_argument("--fleet", type=Path, required=True, metavar="FILE", help="the TOML file that lists them")
    parser.add_argument("--reports", type=Path, default=REPORTS, metavar="DIR", help="where the report goes: reports/")
    parser.add_argument(
        "--index", type=int, metavar="N", default=os.environ.get(INDEX), help=f"the one of this number alone (${INDEX})"
    )
    return parser


def _meant(fleet: Fleet, index: int | None) -> Fleet:
    if index is None:
        return fleet
    if not 0 <= index < len(fleet.members):
        raise PreconditionNotMet(f"the fleet has {len(fleet.members)} pipelines, and none of the number {index}")
    return replace(fleet, members=(fleet.members[index],))
