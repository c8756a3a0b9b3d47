"""What a step found, from the files that its run left."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.cli.nightly.results import Check, read, worse
from pipeline_services.model.installation import Installation

JUNIT = """<testsuites><testsuite>
<testcase file="chaos/t.py" name="test_a[x]" time="61.5"/>
<testcase file="chaos/t.py" name="test_b" time="2">
<properties><property name="outcome" value="inconclusive"/></properties>
<failure message="m">no broker answers
next: make up</failure></testcase>
<testcase file="chaos/t.py" name="test_c" time="3"><failure message="lost 3"/></testcase>
<testcase file="chaos/t.py" name="test_d" time="0"><error message="set-up"/></testcase>
<testcase file="chaos/t.py" name="test_e" time="0"><skipped message="not now"/></testcase>
</testsuite></testsuites>"""
ENTRY = {"id": "chaos/t.py::test_b", "component": "kafka", "runbook": "pod-status", "escalation": "L2"}
REPORT = {
    "checks": [{**ENTRY, "outcome": "failed", "message": "one\nimpact: two\nnext: kubectl get pods"}],
    "scenarios": [{"id": "kafka-killed", "limit": 60, "recovered_after": 7.1}, {"id": "load", "limit": 60}],
}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "junit.xml").write_text(JUNIT)
    (tmp_path / "chaos.json").write_text(json.dumps(REPORT))
    return tmp_path / "chaos.json", tmp_path / "junit.xml"


def test_a_report_has_the_words_and_junit_the_seconds(files: tuple[Path, Path]) -> None:
    checks, recoveries, _ = read(*files)
    assert checks == {"chaos/t.py::test_b": Check("failed", REPORT["checks"][0]["message"], "pod-status", "L2", 2.0)}  # type: ignore[index]
    assert recoveries == {"kafka-killed": 7.1}
    assert checks["chaos/t.py::test_b"].headline == "one"
    assert checks["chaos/t.py::test_b"].next_step == "kubectl get pods"


HERE = Installation("kind", "pipeline", "uid", 5.0)


@pytest.mark.parametrize(
    ("run", "known"),
    [
        ({"run": {"installation": HERE.document()}}, HERE),
        ({"run": {"installation": replace(HERE, uid="").document()}}, None),
        ({"run": {}}, None),
        ({}, None),
    ],
    ids=["known", "not-allowed", "older-suite", "no-run"],
)
def test_a_report_says_what_it_is_about(files: tuple[Path, Path], run: dict[str, Any], known: Installation) -> None:
    files[0].write_text(json.dumps({**REPORT, **run}))
    assert read(*files)[2] == known


def test_a_stopped_run_has_what_junit_says(files: tuple[Path, Path]) -> None:
    checks, recoveries, _ = read(files[0].with_name("none.json"), files[1])
    outcomes = {name.partition("::")[2]: check.outcome for name, check in checks.items()}
    assert outcomes == {
        "test_a[x]": "passed",
        "test_b": "inconclusive",
        "test_c": "failed",
        "test_d": "inconclusive",
        "test_e": "inconclusive",
    }
    assert checks["chaos/t.py::test_b"].next_step == "make up"
    assert recoveries == {}


@pytest.mark.parametrize("text", ["", "<testsuites><testsuite>", "no xml"])
def test_files_that_were_cut_off_say_nothing(tmp_path: Path, text: str) -> None:
    for name in ("daily.json", "junit.xml"):
        (tmp_path / name).write_text(text)
    assert read(tmp_path / "daily.json", tmp_path / "junit.xml") == ({}, {}, None)


def test_a_failure_is_worse_than_what_is_not_known() -> None:
    assert worse("failed", "inconclusive") == worse("inconclusive", "failed") == "failed"
    assert worse("passed", "inconclusive") == "inconclusive"
