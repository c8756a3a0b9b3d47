"""The parts of the runbook that are written from code and from measurements."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.reporting.runbook import generated, markdown, proved, tables
from pipeline_services.triage.model import Cause

TEXT = "a\n<!-- one: written by x -->\nold\n<!-- end of one -->\nb\n<!-- two: written by x -->\n<!-- end of two -->\n"


def test_a_part_is_replaced_and_nothing_else() -> None:
    assert generated.with_part(TEXT, "one", "new\nlines\n") == TEXT.replace("old\n", "new\nlines\n")
    assert generated.parts(TEXT) == {"one": "old\n", "two": ""}


@pytest.mark.parametrize("text", ["", TEXT * 2, TEXT.replace("end of one", "end of won")])
def test_a_part_that_is_not_there_once_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="parts of the name 'one', not one"):
        generated.with_part(text, "one", "new")


def test_parts_are_no_text_of_a_person_and_lines_stay_where_they_are() -> None:
    blank = generated.blanked(TEXT)
    assert "old" not in blank
    assert blank.splitlines()[4] == "b"


def test_cells_may_hold_bars() -> None:
    table = markdown.table(("A", "B"), [("x | y", "z")])
    assert table == "| A | B |\n|---|---|\n| x \\| y | z |\n"
    assert markdown.cells(table.splitlines()[2]) == ["x | y", "z"]
    assert markdown.cells("no row") == []


def test_a_cause_says_whether_it_heals() -> None:
    causes = [
        Cause("a", "it is so", Escalation.L1, "here", heals_within=60),
        Cause("b", "it is not", Escalation.L3, "there"),
    ]
    assert tables.causes(causes).splitlines()[2:] == [
        "| `a` | it is so | L1 | within 60 s | [here](#here) |",
        "| `b` | it is not | L3 | no | [there](#there) |",
    ]


SECTION = (
    "<!-- proved in x: written by y -->\n| Scenario |\n|---|\n| `kill` |\n| `other` |\n<!-- end of proved in x -->\n"
)


def report(**changes: Any) -> dict[str, Any]:
    scenario = {
        "id": "kill",
        "seen_after": 0.4,
        "recovered_after": 12.345,
        "limit": 30.0,
        "drained_after": 13.0,
        "lost": 0.0,
        "duplicates": 7.0,
    }
    return {
        "run": {"started": "2026-11-24 03:29:16 UTC"},
        "checks": [{"id": "chaos/t.py::test_x[kill]", "outcome": "passed"}],
        "scenarios": [scenario],
    } | changes


def test_measured_times_are_written_and_the_others_stay() -> None:
    once = proved.up_to_date(SECTION, proved.measured(report()))
    assert "| `kill` | 0.4 s | 12.3 s | 30 s | 13 s | 0 | 7 | 2026-11-24 |\n" in once
    assert "| `other` |  |  |  |  |  |  | not yet |\n" in once
    assert proved.up_to_date(once, {}) == once


def test_a_stores_time_is_written_with_the_number_of_its_shards() -> None:
    stored = {"id": "kill", "recovered_after": 12.345, "shards": 96.0}
    assert proved.measured(report(scenarios=[stored]))["kill"][1] == "12.3 s (96 shards)"


def test_a_scenario_that_failed_proves_nothing() -> None:
    failed = [{"id": "chaos/t.py::test_x[kill]", "outcome": "failed"}]
    assert proved.measured(report(checks=failed)) == {}


def test_what_was_not_measured_is_left_empty() -> None:
    assert proved.measured(report(scenarios=[{"id": "kill"}])) == {"kill": ("", "", "", "", "", "", "2026-11-24")}


@pytest.mark.parametrize("broken", [{"run": {}}, {"scenarios": [{}]}, {"checks": [{}]}, {"scenarios": None}])
def test_another_file_is_told(broken: dict[str, Any]) -> None:
    with pytest.raises(PreconditionNotMet, match="no report of scenarios"):
        proved.measured(report(**broken))


def row(
    folder: Path, seconds: float | None, *, right: bool = True, taken_at: str = "2026-11-24T03:12:31+00:00"
) -> None:
    file = folder / "matrix" / "rows" / "other.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    verdict = {"as_expected": right, "seconds": seconds}
    file.write_text(json.dumps({"verdict": verdict, "diagnosis": {"taken_at": taken_at}}))


@pytest.mark.parametrize(("seconds", "right", "found"), [(2.68, True, True), (2.68, False, False), (None, True, False)])
def test_a_row_of_the_matrix_counts_once_it_was_named_rightly(
    tmp_path: Path, seconds: float | None, right: bool, found: bool
) -> None:
    row(tmp_path, seconds, right=right)
    figures = {"other": ("2.68 s", "", "", "", "", "", "2026-11-24")} if found else {}
    assert proved.seen_in_matrix(tmp_path / "matrix" / "rows") == figures


def test_a_file_that_is_no_row_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"verdict": null}')
    with pytest.raises(PreconditionNotMet, match=r"x\.json is no record of a row"):
        proved.seen_in_matrix(tmp_path)


def test_the_command_takes_both_and_the_scenario_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row(tmp_path, 1.0)
    (tmp_path / "chaos").mkdir()
    (tmp_path / "chaos" / "chaos.json").write_text(json.dumps(report()))
    text = tmp_path / "RUNBOOK.md"
    text.write_text(SECTION)
    assert proved.main(tmp_path, text) == 0
    assert capsys.readouterr().out == "RUNBOOK.md: 2 scenarios written\n"
    assert "| `kill` | 0.4 s |" in text.read_text()
    assert "| `other` | 1 s |" in text.read_text()


def test_with_nothing_played_the_command_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert proved.main(tmp_path, tmp_path / "RUNBOOK.md") == 2
    assert "make chaos" in capsys.readouterr().err
