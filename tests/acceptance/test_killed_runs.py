"""The suite killed with kill -9 in the middle of a scenario: the next daily run says what was left behind, undoes just
that, and ends green.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline_services.experiment.leftovers import differences
from pipeline_services.faults.aftermath import undo_left_behind
from pipeline_services.faults.journal import Entry, own_journal
from pipeline_services.model.waiting import wait_until
from tests.acceptance.bench import ROOT, Judge, Namespace, becomes_green, pytest_daily

pytestmark = [pytest.mark.live, pytest.mark.slow]

MOMENT_WITHIN = 150.0
"""Seconds for the gate on steady state, the first readings of the audit and a fault to show in the data path."""
POINTS = {
    "before-the-fault": ("producer-pod-deleted", "begun"),
    "setting-journaled": ("producer-broker-setting-wrong", "journaled"),
    "setting-in-force": ("producer-broker-setting-wrong", "landed"),
    "policy-journaled": ("producer-cut-from-kafka", "journaled"),
    "service-in-force": ("influxdb-service-without-pods", "landed"),
    "replicas-in-force": ("producer-scaled-by-hand", "landed"),
    "process-stopped": ("producer-hung", "landed"),
    "token-in-force": ("processor-token-wrong", "landed"),
    "broker-away": ("kafka-pod-deleted", "landed"),
    "after-the-undo": ("processor-pod-deleted", "undone"),
}
"""Case and moment: when the run is killed. In force, a fault is journaled; before and after, nothing is."""
CHAOS = (sys.executable, "-m", "pytest", "-m", "chaos", "-k")
IN_FORCE = ("journaled", "landed")


class ChaosRun:
    """``pytest -m chaos`` with one case, in a process group of its own."""

    def __init__(self, case: str, log: Path) -> None:
        self._log = log
        self._journaled = False
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [*CHAOS, f"[{case}]"], cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
            )

    def reach(self, moment: str) -> None:
        """Wait for the moment. Raises WaitExpired where the run ended before it, or took too long."""
        looks: dict[str, Callable[[], bool]] = {
            "begun": lambda: self._said(r"^[\w-]+:$"),
            "journaled": lambda: bool(own_journal().entries()),
            "landed": lambda: self._said(r"^  landed after"),
            "undone": self._is_undone,
        }
        wait_until(looks[moment], within=MOMENT_WITHIN, every=0.02, what=moment, hopeless=lambda _seen: self._ended())

    def kill(self) -> None:
        """SIGKILL to the whole group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _is_undone(self) -> bool:
        """The fault had landed, and its entry has been taken out of the journal again."""
        return self._said(r"^  landed after") and not own_journal().entries()

    def _said(self, pattern: str) -> bool:
        return re.search(pattern, self._log.read_text(), re.MULTILINE) is not None

    def _ended(self) -> str | None:
        return f"the run ended:\n{self._log.read_text()}" if self.process.poll() is not None else None


@pytest.fixture
def chaos(tmp_path: Path) -> Iterator[Callable[[str], ChaosRun]]:
    """Starts runs; whatever comes of the test, none goes on and nothing stays broken."""
    runs: list[ChaosRun] = []

    def start(case: str) -> ChaosRun:
        runs.append(ChaosRun(case, tmp_path / "chaos.log"))
        return runs[-1]

    yield start
    for run in runs:
        run.kill()
    if own_journal().entries():
        undo_left_behind(own_journal(), print)


@pytest.mark.parametrize("point", POINTS)
def test_what_a_killed_run_left_is_told_and_undone_by_the_next_daily_run(
    point: str, chaos: Callable[[str], ChaosRun], namespace: Namespace, judge: Judge, tmp_path: Path
) -> None:
    case, moment = POINTS[point]
    becomes_green(judge, "a green start")
    before = namespace.inventory()
    run = chaos(case)
    run.reach(moment)
    run.kill()
    left = own_journal().entries()
    assert len(left) == (1 if moment in IN_FORCE else 0), left
    if not left:
        becomes_green(judge, "the figures of a pod that the run had replaced")

    daily = pytest_daily(reports=tmp_path / "reports")

    print(daily.output)
    told = [line for line in daily.output.splitlines() if line.startswith("left behind by")]
    assert [told_of(entry, line) for entry, line in zip(left, told, strict=True)] == [True] * len(left), daily.output
    assert own_journal().entries() == []
    assert daily.exit_code == 0, daily.output
    assert "PASSED: all" in daily.output
    assert differences(before, namespace.inventory()) == []


def told_of(entry: Entry, line: str) -> bool:
    """Whether the line names the run, what it had broken, and what was done about it."""
    done = "undone" if entry.undo else "there is nothing to undo"
    return line.startswith(f"left behind by run {entry.run} ") and line.endswith(f": {entry.summary}; {done}")
