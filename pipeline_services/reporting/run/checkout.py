"""Lets ``pytest --kubeconfig FILE`` work with a FILE outside the checkout.

pytest looks for its pytest.ini before it knows an option of ours, takes FILE for a test path, and looks beside FILE. An
entry point in the environment is loaded all the same; it starts pytest again with the right pytest.ini.
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

from pipeline_services.model.paths import REPOSITORY

ROOT: Final = REPOSITORY
OPTIONS: Final = ("--kubeconfig", "--snapshot", "--settings", "--pipeline", "--reports")
_NAME: Final = "conveyor_checkout"
_STARTED_AS: Final = ("pytest", "py.test", "__main__")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Start again with the checkout's pytest.ini, where pytest runs in the checkout and has found another one or none.

    As a wrapper, before pytest begins to capture what is printed: the new start inherits the terminal.
    """
    arguments = [str(argument) for argument in early_config.invocation_params.args]
    ini = ROOT / "pytest.ini"
    here = early_config.invocation_params.dir.resolve()
    elsewhere = early_config.inipath != ini and here.is_relative_to(ROOT)
    if elsewhere and set(OPTIONS) & set(arguments) and Path(sys.argv[0]).stem in _STARTED_AS:
        os.execv(sys.executable, [sys.executable, "-m", "pytest", "-c", str(ini), *arguments])
    yield


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
    install(Path(sysconfig.get_path("purelib")))
