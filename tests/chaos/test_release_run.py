"""``pytest -m release`` from its options to its exit code and its report, with a stand-in for the cluster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.reporting.allure.test_page import data
from tests.runs import Run, run

PLUGIN = "tests.chaos.release_stand_in"


NO_PAGE = ("-p", "tests.no_page")
"""A plain page, as where there is no Node."""


def release(*words: str | Path) -> Run:
    """The command, with a stand-in for the cluster."""
    return run("pytest", "-m", "release", "-p", PLUGIN, *words)


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
    done = release(*NO_PAGE, "--candidate", f"tests/candidates/{name}", f"--reports={tmp_path}")
    assert done.returncode == code, done.stdout + done.stderr
    assert said in " ".join(done.stdout.split())
    assert json.loads((tmp_path / "release.json").read_text())["verdict"] == verdict
    assert (tmp_path / "release/index.html").is_file()
    assert done.stdout.count("not measured") == 0
    assert len((tmp_path / "release/history/verdicts.jsonl").read_text().splitlines()) == 1


def test_the_page_begins_with_the_verdict_and_knows_nothing_of_other_candidates(tmp_path: Path) -> None:
    for name in ("slower-15-percent", "good"):
        done = release("--candidate", f"tests/candidates/{name}", f"--reports={tmp_path}")
    assert done.stdout.splitlines()[0] == "GO: 26 facts hold, 3 metrics are not worse"
    assert "GO: good; conveyor-pipeline on kind-conveyor" in done.stdout.splitlines()
    page = (tmp_path / "release/index.html").read_text()
    assert '<body><section id="diagnosis" class="go"><h1>GO: good</h1>' in page
    assert not (tmp_path / "release/history/runs.jsonl").exists()
    found = data(page)
    cases = [one for name, one in found.items() if name.startswith("data/test-results/")]
    assert not any(one["flaky"] or one["history"] for one in cases)
    groups = {label["value"] for one in cases for label in one["labels"] if label["name"] == "epic"}
    assert groups == {"1. Verdict", "2. Facts", "3. Costs", "4. Roll-out", "5. Failures"}
    assert max(len(one["name"]) for one in cases) <= 60
    assert "v1.33.1" in json.dumps(found)


def test_some_cases_alone_have_no_verdict_in_words(tmp_path: Path) -> None:
    some = (*NO_PAGE, f"--reports={tmp_path}", "-k", "ready")
    done = release("--candidate", "tests/candidates/slower-15-percent", *some)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NO-GO" not in done.stdout


def test_without_a_candidate_nothing_is_touched(tmp_path: Path) -> None:
    done = release(f"--reports={tmp_path}")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "no candidate was named" in done.stdout + done.stderr
    assert not (tmp_path / "release.json").exists()
