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
READ = (
    *("pytest", "_pytest.doctest", "_pytest.junitxml", "_pytest.legacypath", "_pytest.logging", "_pytest.subtests"),
    *("allure_commons", "attr", "execnet", "importlib.metadata", "numpy", "yaml"),
    *("chaos.scenarios", "pipeline_services.audit.audit", "pipeline_services.reporting.run.session"),
    "pipeline_services.triage.walk.cli",
)
"""No plugin of pytest: it warns of one that was read before it could look at the assertions there."""
MOST_S = 120.0
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(list(READ))


class Run(NamedTuple):
    """How a command ended, and what it said."""

    returncode: int | None
    stdout: str
    stderr: str


def run(module: str, *arguments: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> Run:
    """``python -m MODULE ARGUMENTS``, in this environment where none is given."""
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
    os.environ.update(env)
    sys.argv = command
    sys.path[:0] = [str(cwd), *filter(None, env.get("PYTHONPATH", "").split(os.pathsep))]
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)
