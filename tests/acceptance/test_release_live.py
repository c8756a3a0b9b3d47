"""Pre-release validation on the running cluster: the verdict on each candidate, and kill -9 in the middle of one."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.experiment.leftovers import differences
from pipeline_services.faults.aftermath import undo_left_behind
from pipeline_services.faults.journal import own_journal
from pipeline_services.model.k8s import name_of
from pipeline_services.model.waiting import wait_until
from pipeline_services.release.bench.manifests import NAME
from pipeline_services.release.engine import NOTHING_AGAINST, STAGES
from tests.acceptance.bench import ROOT, Judge, Namespace, becomes_green, pytest_daily

pytestmark = [pytest.mark.live, pytest.mark.slow]

CANDIDATES = {
    path.parent.name: tomllib.loads(path.read_text()) for path in sorted(ROOT.glob("tests/candidates/*/candidate.toml"))
}
ENDED_WITHIN_S = 2400.0
PLAIN_NO_GO_WITHIN_S = 300.0
MEASURED = {"cpu-per-reading", "peak-memory", "drain-time"}
EXIT_CODES = {"go": 0, "no-go": 1, "not-enough-data": 2}
GOOD_TIMES, SLOW_TIMES = 10, 5
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a validation whose output goes to ``log``; none goes on, and nothing stays changed."""
    runs: list[subprocess.Popen[bytes]] = []

    def started(name: str, *options: str) -> subprocess.Popen[bytes]:
        words = [
            "-m",
            "pytest",
            "-m",
            "release",
            "--candidate",
            f"tests/candidates/{name}",
            "--reports",
            str(tmp_path / "reports"),
            *options,
        ]
        with (tmp_path / "log").open("wb") as log:
            command = [sys.executable, *words]
            run = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        runs.append(run)
        return run

    yield started
    for run in runs:
        kill(run)
    if own_journal().entries():
        undo_left_behind(own_journal(), print)


def kill(run: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the whole group."""
    if run.poll() is None:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()


@pytest.mark.parametrize("name", CANDIDATES)
def test_each_candidate_has_its_verdict(
    name: str, start: Start, namespace: Namespace, judge: Judge, tmp_path: Path
) -> None:
    expected = CANDIDATES[name]
    becomes_green(judge, "a green start")
    before = namespace.inventory()
    code = start(name).wait(ENDED_WITHIN_S)
    found = told(tmp_path)
    assert (found["verdict"], code) == (expected["verdict"], EXIT_CODES[expected["verdict"]])
    if expected["because"]:
        facts = {one["id"]: one["holds"] for one in found["facts"]}
        metrics = {one["id"]: one["decision"] for one in found["metrics"]}
        assert {**facts, **metrics}[expected["because"]] not in (True, "not worse")
        assert expected["because"] in MEASURED or sum(found["stages"].values()) < PLAIN_NO_GO_WITHIN_S
    assert differences(before, namespace.inventory()) == []


def told(folder: Path) -> dict[str, Any]:
    """The verdict of a run that ended; printed with all that it said."""
    print((folder / "log").read_text())
    found: dict[str, Any] = json.loads((folder / "reports/release.json").read_text())
    print(found["verdict"], found["reasons"], found["stages"])
    return found


def measured(name: str, seed: int, start: Start, folder: Path) -> dict[str, Any]:
    """The verdict of a run that only measured, in an order of its own; not one without rounds."""
    start(name, "--measure-only", "--seed", str(seed)).wait(ENDED_WITHIN_S)
    found = told(folder)
    assert {one["id"] for one in found["metrics"]} == MEASURED
    return found


@pytest.mark.parametrize("seed", range(1, GOOD_TIMES + 1))
def test_good_is_never_stopped(seed: int, start: Start, judge: Judge, tmp_path: Path) -> None:
    becomes_green(judge, "a green start")
    assert measured("good", seed, start, tmp_path)["verdict"] != "no-go"


@pytest.mark.parametrize("seed", range(1, SLOW_TIMES + 1))
def test_slow_never_goes(seed: int, start: Start, judge: Judge, tmp_path: Path) -> None:
    becomes_green(judge, "a green start")
    assert NOTHING_AGAINST not in measured("slower-15-percent", seed, start, tmp_path)["reasons"]


@pytest.mark.parametrize("stage", STAGES)
def test_what_a_killed_validation_left_is_put_back(
    stage: str, start: Start, namespace: Namespace, judge: Judge, tmp_path: Path
) -> None:
    becomes_green(judge, "a green start")
    before = namespace.inventory()
    run = start("good")
    log = tmp_path / "log"

    def reached() -> bool:
        return re.search(rf"^ *{stage}:$", log.read_text(), re.MULTILINE) is not None and bool(own_journal().entries())

    wait_until(
        reached,
        within=ENDED_WITHIN_S,
        what=stage,
        hopeless=lambda _: log.read_text() if run.poll() is not None else None,
    )
    kill(run)
    left = own_journal().entries()

    daily = pytest_daily(reports=tmp_path / "daily")

    print(daily.output)
    lines = [line for line in daily.output.splitlines() if line.startswith("left behind by")]
    assert len(lines) == len(left) > 0
    assert daily.exit_code == 0, daily.output
    assert own_journal().entries() == []
    assert differences(before, namespace.inventory()) == []
    assert not [name for pod in namespace.cluster.list("pods") if (name := name_of(pod)).startswith(NAME)]
