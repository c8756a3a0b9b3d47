"""A program goes on where nothing can be said any more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAYS_MUCH = """
import sys
from pipeline_services.model.standard_output import unbreakable
with unbreakable():
    for number in range(20_000):
        print("a line of some length, number", number)
sys.exit(7)
"""


def run(command: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PROGRAM": SAYS_MUCH, "PYTHON": sys.executable}
    shell = ["bash", "-c", f"set -o pipefail; {command}"]
    return subprocess.run(shell, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("where", "says"),
    [
        (">/dev/full", "The output is lost: No space left on device. The exit code is still valid.\n"),
        (">&-", ""),
        ("| head -1", ""),
    ],
)
def test_the_exit_code_stands_and_no_traceback_is_shown(where: str, says: str) -> None:
    done = run(f'"$PYTHON" -c "$PROGRAM" {where}')
    assert done.returncode == 7
    assert done.stderr == says
