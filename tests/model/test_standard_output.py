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
        (">&- 2>&-", ""),
        (">/dev/full 2>/dev/full", ""),
        ("| head -1", ""),
    ],
)
def test_the_exit_code_stands_and_no_traceback_is_shown(where: str, says: str) -> None:
    done = run(f'"$PYTHON" -c "$PROGRAM" {where}')
    assert done.returncode == 7
    assert done.stderr == says


@pytest.mark.parametrize("where", [">/dev/full 2>&1", ">&- 2>&-", "| head -0"])
@pytest.mark.parametrize(
    ("arguments", "code"), [("faults list", 0), ("faults --no-such-option", 4), ("discover --help", 0)]
)
def test_every_command_keeps_its_exit_code(where: str, arguments: str, code: int, tmp_path: Path) -> None:
    done = run(f'XDG_CACHE_HOME={tmp_path} "$PYTHON" -m pipeline_services.{arguments} {where}')
    assert (done.returncode, done.stdout) == (code, "")
    assert "Traceback" not in done.stderr


def test_a_profile_that_cannot_be_printed_is_no_success(tmp_path: Path) -> None:
    snapshot = ROOT / "tests" / "snapshots" / "healthy.json.gz"
    done = run(f'"$PYTHON" -m pipeline_services.discover --snapshot {snapshot} >/dev/full')
    assert done.returncode == 4
    assert done.stderr == (
        "REFUSED: cannot write standard output: No space left on device. Next: name another file with --out\n"
    )


def test_a_closed_stream_leaves_its_number_to_no_file() -> None:
    program = (
        "from pipeline_services.model.standard_output import have_output; have_output();"
        "print(open('/dev/zero').fileno())"
    )
    done = run(f'"$PYTHON" -c "{program}" <&- 2>&-')
    assert int(done.stdout) > 2
