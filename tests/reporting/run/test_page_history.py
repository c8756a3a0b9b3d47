"""The page compares a run with those of its own installation; what else there is stays in the file, in bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline_services.model.installation import Installation
from pipeline_services.model.json_lines import tables_in, write_tables
from pipeline_services.reporting.allure.page import HISTORY_RUNS
from pipeline_services.reporting.run.page_history import of_installation

WHERE = "pipeline on kind-a"
HERE = Installation("kind-a", "pipeline", "uid", 1_000.0)


def run(at: float, where: str = WHERE) -> dict[str, Any]:
    return {"name": f"PASSED: {where}, at some time", "timestamp": at * 1000, "testResults": {}}


def shown(tmp_path: Path, *runs: dict[str, Any], here: Installation = HERE) -> list[dict[str, Any]]:
    """What the page is made from, of these runs."""
    write_tables(tmp_path / "kept", runs)
    with of_installation(tmp_path / "kept", tmp_path / "draft", WHERE, here):
        return tables_in(tmp_path / "draft")


@pytest.mark.parametrize("other", [run(999.0), run(2_000.0, "pipeline on kind-b"), run(2_000.0, "another on kind-a")])
def test_runs_of_another_installation_are_not_shown_and_stay(tmp_path: Path, other: dict[str, Any]) -> None:
    assert shown(tmp_path, other, run(2_000.0)) == [run(2_000.0)]
    assert tables_in(tmp_path / "draft") == [other, run(2_000.0)]


@pytest.mark.parametrize("line", [{}, {"name": WHERE}, {"name": WHERE, "timestamp": "x"}])
def test_a_line_that_is_no_run_is_not_shown(tmp_path: Path, line: dict[str, Any]) -> None:
    assert shown(tmp_path, line) == []


def test_where_it_is_not_known_which_it_is_nothing_is_compared(tmp_path: Path) -> None:
    assert shown(tmp_path, run(2_000.0), here=Installation("kind-a", "pipeline")) == []


def test_what_the_generator_adds_comes_last_and_others_do_not_grow_for_ever(tmp_path: Path) -> None:
    others = [run(float(number)) for number in range(HISTORY_RUNS + 3)]
    write_tables(tmp_path / "kept", others)
    with of_installation(tmp_path / "kept", tmp_path / "draft", WHERE, HERE):
        write_tables(tmp_path / "draft", [run(3_000.0)])
    assert tables_in(tmp_path / "draft") == [*others[3:], run(3_000.0)]


def test_the_first_run_has_none(tmp_path: Path) -> None:
    with of_installation(tmp_path / "none", tmp_path / "draft", WHERE, HERE):
        assert not (tmp_path / "draft").exists()
    assert not (tmp_path / "draft").exists()
