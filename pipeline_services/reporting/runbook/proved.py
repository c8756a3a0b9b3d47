"""The last measured times in RUNBOOK.md. ``python -m pipeline_services.reporting.runbook.proved`` copies them.

Which scenarios and rows of the matrix a section rests on is written in the section: its lines stay, their figures are
those of the run that played them last. What the newest reports do not have keeps what it had.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pipeline_services.model.arguments import Parser
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.exit_codes import NOT_KNOWN, PASSED
from pipeline_services.reporting.runbook import generated, markdown
from pipeline_services.reporting.runbook.runbook import RUNBOOK

REPORTS: Final = RUNBOOK.parent / "reports"
PREFIX: Final = "proved in "
HEAD: Final = ("Scenario", "Seen after", "Back after", "Limit", "Backlog gone after", "Lost", "Twice", "Played")
"""*Twice*: readings that came more than once. A row of the matrix has only the time until it was seen and named."""
NEVER: Final = ("", "", "", "", "", "", "not yet")
_SECONDS: Final = ("seen_after", "recovered_after", "limit", "drained_after")
_COUNTS: Final = ("lost", "duplicates")
Rows = dict[str, tuple[str, ...]]


def rows(body: str) -> Rows:
    """The figures that stand in a part now, by scenario; a scenario that was just added has none yet."""
    found = [cells for cells in map(markdown.cells, body.splitlines()) if cells and cells[0].startswith("`")]
    return {cells[0].strip("`"): tuple(cells[1:]) if len(cells) == len(HEAD) else NEVER for cells in found}


def measured(report: Mapping[str, Any]) -> Rows:
    """The figures of a report, by scenario. One that failed has none: nothing is proved by it.

    Raises:
        PreconditionNotMet: it is no report of scenarios.
    """
    try:
        day = str(report["run"]["started"]).partition(" ")[0]
        failed = {check["id"].rpartition("[")[2].rstrip("]") for check in report["checks"] if _is_bad(check)}
        return {row["id"]: (*_figures(row), day) for row in report["scenarios"] if row["id"] not in failed}
    except (KeyError, TypeError) as error:
        raise PreconditionNotMet(f"this is no report of scenarios: {error}", next_step="make chaos") from error


def seen_in_matrix(folder: Path) -> Rows:
    """The figures of the rows of the matrix that were named rightly, by row.

    Raises:
        PreconditionNotMet: a file there is no record of a row.
    """
    found: Rows = {}
    for file in sorted(folder.glob("*.json")):
        try:
            row = json.loads(file.read_text(encoding="utf-8"))
            verdict, diagnosis = row["verdict"], row["diagnosis"]
            seconds = verdict["seconds"] if verdict and verdict["as_expected"] else None
            day = diagnosis["taken_at"].partition("T")[0] if diagnosis else ""
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise PreconditionNotMet(f"{file} is no record of a row: {error}", next_step="make matrix") from error
        if seconds is not None:
            found[file.stem] = (f"{seconds:.3g} s", "", "", "", "", "", day)
    return found


def up_to_date(text: str, measured_rows: Rows) -> str:
    """The text with every scenario's newest figures."""
    for name, body in generated.parts(text).items():
        if name.startswith(PREFIX):
            merged = {scenario: measured_rows.get(scenario, old) for scenario, old in rows(body).items()}
            lines = [(f"`{scenario}`", *figures) for scenario, figures in merged.items()]
            text = generated.with_part(text, name, markdown.table(HEAD, lines))
    return text


def _is_bad(check: Mapping[str, str]) -> bool:
    return check["outcome"] != "passed"


def _figures(row: Mapping[str, Any]) -> tuple[str, ...]:
    seconds = [f"{row[name]:.3g} s" if row.get(name) is not None else "" for name in _SECONDS]
    if row.get("shards") is not None:  # a store's recovery takes as long as it has shards to open
        seconds[_SECONDS.index("recovered_after")] += f" ({row['shards']:g} shards)"
    return (*seconds, *(f"{row[name]:g}" if row.get(name) is not None else "" for name in _COUNTS))


def main(reports: Path = REPORTS, path: Path = RUNBOOK) -> int:
    """Write them; 0 done, 2 there is no report to take them from."""
    try:
        figures = seen_in_matrix(reports / "matrix" / "rows")
        file = reports / "chaos" / "chaos.json"
        if file.is_file():
            figures |= measured(json.loads(file.read_text(encoding="utf-8")))
        if not figures:
            raise PreconditionNotMet(f"nothing was played: {reports} has no figures", next_step="make chaos")
    except (ValueError, PreconditionNotMet) as error:
        sys.stderr.write(f"{error}\n")
        return NOT_KNOWN
    path.write_text(up_to_date(path.read_text(encoding="utf-8"), figures), encoding="utf-8")
    sys.stdout.write(f"{path.name}: {len(figures)} scenarios written\n")
    return PASSED


if __name__ == "__main__":
    parser = Parser(
        prog="python -m pipeline_services.reporting.runbook.proved",
        description="Write the times that chaos and matrix measured last into RUNBOOK.md.",
    )
    parser.add_argument("reports", type=Path, nargs="?", default=REPORTS, help="where they are: reports/")
    sys.exit(main(parser.parse_args().reports))
