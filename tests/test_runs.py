"""A command in a process of its own is as typed: where, which words and variables, its output and its exit code."""

from __future__ import annotations

import os
from pathlib import Path

from tests.runs import run

SAYS = """
import os, sys
print(os.getcwd(), *sys.argv[1:], os.environ.get("HERE"), os.environ.get("THERE"), __name__)
sys.stderr.write("not well")
sys.exit(3)
"""


def test_a_command_is_as_typed(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "says.py").write_text(SAYS)
    done = run("says", "a b", there, cwd=tmp_path, env={"HERE": "yes", "PYTHONPATH": str(there)})
    assert done == (3, f"{tmp_path} a b {there} yes None __main__\n", "not well")
    assert "HERE" not in os.environ


def test_what_one_reads_and_changes_no_other_finds(tmp_path: Path) -> None:
    (tmp_path / "says.py").write_text("import json\nassert not hasattr(json, 'mine')\njson.mine = 1")
    assert [run("says", cwd=tmp_path).returncode for _ in range(2)] == [0, 0]


def test_the_modules_are_read_before(tmp_path: Path) -> None:
    (tmp_path / "says.py").write_text("import sys\nassert 'tests.read_once' in sys.modules")
    assert run("says", cwd=tmp_path).returncode == 0, "a module of tests/read_once.py is not there: each run reads all"


def test_one_that_fails_or_is_killed_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "fails.py").write_text("raise ValueError('not well')")
    (tmp_path / "killed.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    failed = run("fails", cwd=tmp_path)
    assert failed.returncode == 1
    assert failed.stderr.endswith("ValueError: not well\n")
    assert run("killed", cwd=tmp_path).returncode == -9
    assert run("no_such_module").returncode == 1
