"""The fleet's command, and pytest's option for it: what they print, write and refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline_services.reporting.fleet import cli
from tests.reporting.fleet.test_fleet import listed
from tests.runs import run


def test_the_command_writes_the_report_and_an_index_means_one(
    saved: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = listed(saved, {"name": "a", "snapshot": "well.json"}, {"name": "b", "snapshot": "ill.json"})
    command = ["--fleet", str(file), "--reports", str(saved / "reports")]
    assert cli.main(command) == 1
    document = json.loads((saved / "reports" / "fleet" / "fleet.json").read_text())
    assert [one["exit_code"] for one in document["pipelines"]] == [0, 1]
    assert (saved / "reports" / "fleet" / "index.html").exists()
    assert cli.main([*command, "--index", "0"]) == 0
    assert "of 1 pipeline 1 healthy" in capsys.readouterr().out
    assert cli.main([*command, "--index", "2"]) == 4
    monkeypatch.setenv(cli.INDEX, "1")
    assert cli.main(command) == 1
    assert "of 1 pipeline 1 failed (b)" in capsys.readouterr().out


def test_pytest_hands_a_fleet_over(saved: Path) -> None:
    file = listed(saved, {"name": "a", "snapshot": "ill.json"})
    done = run("pytest", "--fleet", file, "--reports", saved, "-m", "daily")
    assert done.returncode == 1, done.stderr
    assert "FAILED: of 1 pipeline 1 failed (a), 0 healthy" in done.stdout
    other = run("pytest", f"--fleet={file}", f"--reports={saved}", "-m", "chaos")
    assert other.returncode == 4
    assert "--fleet judges by the daily checks" in other.stderr


@pytest.mark.parametrize(
    "other",
    [("--context", "x"), ("--snapshot=x",), ("--settings=x",), ("-k", "kafka"), ("--lf",), ("checks/test_kafka.py",)],
)
def test_a_fleet_says_itself_what_is_judged(saved: Path, other: tuple[str, ...]) -> None:
    file = listed(saved, {"name": "a", "snapshot": "well.json"})
    refused = run("pytest", "-m", "daily", f"--fleet={file}", f"--reports={saved}", *other)
    assert refused.returncode == 4
    [line] = [line for line in refused.stderr.splitlines() if line]
    assert line.startswith("ERROR: --fleet judges what its file lists, by all checks: leave out ")


def test_a_report_that_cannot_be_written_costs_no_verdict(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = listed(saved, {"name": "a", "snapshot": "well.json"}, {"name": "b", "snapshot": "ill.json"})
    (saved / "taken").write_text("")
    assert cli.main(["--fleet", str(file), "--reports", str(saved / "taken")]) == 1
    said = capsys.readouterr().out
    assert "FAILED: of 2 pipelines 1 failed (b)" in said
    assert "NO REPORT: cannot write to " in said
    assert "\nReport: " not in said
