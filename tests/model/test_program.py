"""A command that is stopped ends in one line, with the signal's exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STOPPED = """
import os, signal
from pipeline_services.model.program import begin
begin("pipeline_services.triage")
try:
    os.kill(os.getpid(), signal.{name})
    signal.pause()
finally:
    print("put right")
"""
BROKEN = """
from pipeline_services.model.program import begin
begin("pipeline_services.triage")
raise ValueError("a defect")
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("name", "said", "code"), [("SIGINT", "Ctrl-C", 130), ("SIGTERM", "SIGTERM", 143), ("SIGHUP", "SIGHUP", 129)]
)
def test_a_signal_ends_it_in_one_line(name: str, said: str, code: int) -> None:
    done = run(STOPPED.format(name=name))
    assert (done.returncode, done.stdout, done.stderr) == (code, "put right\n", f"Stopped by {said}.\n")


def test_a_defect_shows_where_it_is() -> None:
    done = run(BROKEN)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert done.stderr.endswith("ValueError: a defect\n")
