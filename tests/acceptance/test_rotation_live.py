"""Each rotation on the running pipeline: once; three times under load; killed with kill -9 in each step, then resumed.

The first takes a minute and a half each and is part of ``make acceptance``; the others take half an hour.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline_services.maintenance.rotation.tls import steps as tls_steps
from pipeline_services.maintenance.rotation.tokens import steps as token_steps
from pipeline_services.model.waiting import wait_until
from tests.acceptance.bench import ROOT, Judge, becomes_green

pytestmark = pytest.mark.live

STEPS: dict[str, Sequence[str]] = {"rotate-token": token_steps.STEPS, "rotate-tls": tls_steps.STEPS}
STEP_WITHIN_S = 240.0
PROVED = re.compile(r"proved: .*; (\d+) of (\d+) readings lost, longest gap ([\d.]+) s \((.*)\); took (.*)")


@dataclass(frozen=True, slots=True)
class Proof:
    """What a rotation said at its end."""

    lost: int
    written: int
    gap_s: float
    text: str


def command(name: str, *more: str) -> list[str]:
    return [sys.executable, "-m", "pipeline_services.maintenance", name, *more]


def rotated(name: str) -> Proof:
    """Run it to its end, which has to be a proof."""
    done = subprocess.run(command(name), cwd=ROOT, capture_output=True, text=True, check=False)
    print(done.stdout, done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    found = PROVED.search(done.stdout)
    assert found, done.stdout
    return Proof(int(found[1]), int(found[2]), float(found[3]), done.stdout)


def foreseen(name: str) -> str:
    done = subprocess.run(command(name, "--dry-run"), cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("nothing was changed\n")
    return done.stdout


def killed_in(name: str, step: str, log: Path) -> str:
    """Start it, and kill it as soon as it says that the step begins; returns what it had said."""
    number = STEPS[name].index(step) + 1
    with log.open("wb") as file:
        process = subprocess.Popen(
            command(name), cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        wait_until(
            lambda: f"step {number} of " in log.read_text(),
            within=STEP_WITHIN_S,
            every=0.01,
            what=f"{name} to begin the step {step}",
            hopeless=lambda _: f"it ended: {log.read_text()}" if process.poll() is not None else None,
        )
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return log.read_text()


@pytest.mark.parametrize("name", STEPS)
def test_once(name: str, judge: Judge) -> None:
    """Nothing is lost, and nothing is left under way; a dry run before it says what it will do."""
    assert f"begins with: {', '.join(STEPS[name])}" in foreseen(name)
    proof = rotated(name)
    assert proof.lost == 0
    assert proof.written > 1_000
    assert "begins with" in foreseen(name)
    becomes_green(judge, f"a green pipeline after {name}")


@pytest.mark.slow
@pytest.mark.parametrize("name", STEPS)
def test_three_times(name: str, judge: Judge) -> None:
    proofs = [rotated(name) for _ in range(3)]
    print(name, [(one.lost, one.written, one.gap_s) for one in proofs])
    assert [one.lost for one in proofs] == [0, 0, 0]
    becomes_green(judge, f"a green pipeline after {name}")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "step"), [(name, step) for name, steps in STEPS.items() for step in steps])
def test_killed_in_a_step_and_gone_on_with(name: str, step: str, tmp_path: Path, judge: Judge) -> None:
    said = killed_in(name, step, tmp_path / "rotation.log")
    print(said)
    assert "proved:" not in said
    ahead = foreseen(name)
    proof = rotated(name)
    assert proof.lost == 0
    if "goes on with: " in ahead:
        next_step = ahead.partition("goes on with: ")[2].partition("\n")[0].partition(", ")[0]
        assert f", {next_step}: " in proof.text
        assert "is under way; going on with it" in proof.text
    else:
        assert step in (STEPS[name][0], STEPS[name][-1]), "nothing was under way after a step in the middle"
    assert "begins with" in foreseen(name)
    becomes_green(judge, f"a green pipeline after {name}")
