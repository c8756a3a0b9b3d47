"""``pytest -m release`` from its options to its exit code and its report, with a stand-in for the cluster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.runs import Run, run

PLUGIN = "tests.chaos.release_stand_in"


def release(*words: str | Path) -> Run:
    """The command, with a plain page as where there is no Node."""
    return run("pytest", "-m", "release", "-p", "tests.no_page", "-p", PLUGIN, *words)


@pytest.mark.parametrize(
    ("name", "code", "verdict", "said"),
    [
        ("slower-15-percent", 1, "no-go", "NO-GO: CPU time per stored reading: +15.0 %"),
        ("metric-renamed", 2, "not-enough-data", "NOT ENOUGH DATA: not known whether the metrics show all"),
    ],
)
def test_a_verdict_has_its_exit_code_and_its_page(
    name: str, code: int, verdict: str, said: str, tmp_path: Path
) -> None:
    done = release("--candidate", f"tests/candidates/{name}", "--reports", tmp_path)
    assert done.returncode == code, done.stdout + done.stderr
    assert said in " ".join(done.stdout.split())
    assert json.loads((tmp_path / "release.json").read_text())["verdict"] == verdict
    assert (tmp_path / "release/index.html").is_file()
    assert len((tmp_path / "release/history/verdicts.jsonl").read_text().splitlines()) == 1


def test_without_a_candidate_nothing_is_touched(tmp_path: Path) -> None:
    done = release("--reports", tmp_path)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "no candidate was named" in done.stdout + done.stderr
    assert not (tmp_path / "release.json").exists()
