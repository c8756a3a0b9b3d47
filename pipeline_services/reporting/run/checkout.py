"""Lets the environment's pytest work from any folder, and with ``--kubeconfig FILE`` for a FILE anywhere.

pytest looks for its pytest.ini where it is started; before it knows an option of ours it takes FILE for a test path,
and looks beside FILE. An entry point in the environment is loaded all the same; it starts pytest again with the right
pytest.ini.
``python -m pipeline_services.reporting.run.checkout`` writes that entry point; without it, ``--kubeconfig=FILE`` works.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Generator
from pathlib import Path
from typing import Final

import pytest

from pipeline_services.model.arguments import Parser
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.reporting.run.selection import run_markers

ROOT: Final = REPOSITORY
OPTIONS: Final = (
    *("--kubeconfig", "--context", "--snapshot", "--settings", "--pipeline", "--reports", "--fleet", "--candidate"),
)
_PLUGIN: Final = "pipeline_services.reporting.run.plugin"
"""What pytest.ini loads; it has the options."""
_NAME: Final = "conveyor_checkout"
_STARTED_AS: Final = ("pytest", "py.test", "__main__")
_KEPT_OUT: Final = (
    f"the suite's pytest.ini or plugin is not loaded. Next: leave out -c, -o addopts= and -p no:{_PLUGIN}, here and in "
    "PYTEST_ADDOPTS"
)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Start again with the checkout's pytest.ini, where pytest has found another or none and a run of ours is meant.

    As a wrapper, before pytest begins to capture what is printed: the new start inherits the terminal.

    Raises:
        pytest.UsageError: this is that new start, and something on the command line or in PYTEST_ADDOPTS keeps the
            plugin out again.
    """
    arguments = [str(argument) for argument in early_config.invocation_params.args]
    again = ["-c", str(ROOT / "pytest.ini")]
    unread = not early_config.pluginmanager.hasplugin(_PLUGIN)
    if unread and _is_ours(early_config, arguments) and Path(sys.argv[0]).stem in _STARTED_AS:
        if arguments[: len(again)] == again:
            raise pytest.UsageError(_KEPT_OUT)
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *again, *arguments])
    yield


def _is_ours(config: pytest.Config, arguments: list[str]) -> bool:
    """Whether a run of the suite was asked for: by an option that only it has, or by a run marker in no project."""
    options = any(argument.partition("=")[0] in OPTIONS for argument in arguments)
    return options or (config.inipath is None and bool(run_markers(config)))


def install(site: Path) -> None:
    """Write the entry point, and the path to the checkout, into an environment's packages."""
    module = "pipeline_services.reporting.run.checkout"
    (site / f"{_NAME}.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    info = site / f"{_NAME}-1.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {_NAME}\nVersion: 1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[pytest11]\n{module} = {module}\n", encoding="utf-8")
    (info / "INSTALLER").write_text("conveyor\n", encoding="utf-8")
    (info / "RECORD").write_text("", encoding="utf-8")


if __name__ == "__main__":
    Parser(prog="python -m pipeline_services.reporting.run.checkout", description=install.__doc__).parse_args()
    install(Path(sysconfig.get_path("purelib")))
