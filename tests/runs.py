"""Commands of the suite in processes of their own. To read the modules is most of what one takes: a process that has
read them, and done nothing else, is forked for each."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
MOST_S = 120.0
WITHOUT_CACHE = "-p no:cacheprovider"
"""Thousands of tests that pytest remembers of other runs are none of a command's."""
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.read_once"])


class Run(NamedTuple):
    """How a command ended, and what it said."""

    returncode: int | None
    stdout: str
    stderr: str


def run(module: str, *arguments: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> Run:
    """``python -m MODULE ARGUMENTS``, in this environment where none is given.

    ``--reports=FOLDER`` makes no new process of pytest, which ``--reports FOLDER`` does outside the checkout.
    """
    with tempfile.TemporaryDirectory() as folder:
        said = [Path(folder, name) for name in ("stdout", "stderr")]
        command = [module, *map(str, arguments)]
        process = _PROCESSES.Process(target=_run, args=(command, cwd, dict(os.environ if env is None else env), said))
        process.start()
        process.join(MOST_S)
        process.kill()  # nothing happens to one that has ended
        process.join()
        return Run(process.exitcode, *(file.read_text() for file in said))


def _run(command: list[str], cwd: Path, env: dict[str, str], said: list[Path]) -> None:
    for number, file in enumerate(said, 1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update({"PYTEST_ADDOPTS": WITHOUT_CACHE, **env})
    sys.argv = command
    sys.path[:0] = [str(cwd), *filter(None, env.get("PYTHONPATH", "").split(os.pathsep))]
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)
