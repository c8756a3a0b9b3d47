"""``pytest -m release`` from its options to its exit code and its report, with a stand-in for the cluster."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_services.model.paths import REPOSITORY

PLUGIN = "tests.chaos.release_stand_in"


def release(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """The command, with a plain page as where there is no Node: tests/reporting/test_page.py makes the real one."""
    command = [sys.executable, "-m", "pytest", "-m", "release", "-p", "tests.no_page", "-p", PLUGIN, *map(str, words)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("name", "code", "verdict", "said"),
    [
        ("slower-15-percent", 1, "no-go", "NO-GO: CPU time per stored reading: +15.0 %"),
        ("metric-renamed", 2, "not-enough-data", "NOT-ENOUGH-DATA: it is series: not known"),
    ],
)
def test_a_verdict_has_its_exit_code_and_its_page(
    name: str, code: int, verdict: str, said: str, tmp_path: Path
) -> None:
    run = release("--candidate", f"tests/candidates/{name}", "--reports", tmp_path)
    assert run.returncode == code, run.stdout + run.stderr
    assert said in run.stdout
    assert json.loads((tmp_path / "release.json").read_text())["verdict"] == verdict
    assert (tmp_path / "release/index.html").is_file()
    assert len((tmp_path / "release/history/verdicts.jsonl").read_text().splitlines()) == 1


def test_without_a_candidate_nothing_is_touched(tmp_path: Path) -> None:
    run = release("--reports", tmp_path)
    assert run.returncode == 4, run.stdout + run.stderr
    assert "no candidate was named" in run.stdout + run.stderr
    assert not (tmp_path / "release.json").exists()
