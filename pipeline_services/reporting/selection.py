"""What kind of run it is: an operator's, which is judged and reported on, or one of the suite's own tests."""

from __future__ import annotations

import re
from typing import Final

import pytest

RUN_MARKERS: Final = ("daily", "weekly", "monthly", "chaos")
SNAPSHOT_MARKERS: Final = ("daily", "weekly", "monthly")
OPERATOR_FOLDERS: Final = ("checks", "chaos")
TESTS: Final = "tests"
_NAMED: Final = re.compile(rf"(?<!\bnot )\b({'|'.join(RUN_MARKERS)})\b")


def choose_paths(config: pytest.Config) -> None:
    """Without a path and a run marker on the command line, collect the suite's own tests.

    A bare ``pytest`` so never touches a cluster, and ``pytest -m live`` finds its tests.
    """
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS and not names_run_marker(config):
        config.args = [str(config.rootpath / TESTS)]


def names_run_marker(config: pytest.Config) -> bool:
    """Whether ``-m`` asks for daily, weekly, monthly or chaos."""
    return bool(_NAMED.search(config.getoption("markexpr") or ""))


def is_operator_run(config: pytest.Config) -> bool:
    """Whether the run is about the pipeline: it names a run marker, or only paths in checks/ and chaos/."""
    if config.getoption("collectonly"):
        return False
    folders = {_top_folder(config, arg) for arg in config.args}
    return names_run_marker(config) or (bool(folders) and folders <= set(OPERATOR_FOLDERS))


def is_partial(config: pytest.Config) -> bool:
    """Whether single cases were picked, so that the run's verdict is not the pipeline's."""
    picked = config.getoption("keyword") or config.getoption("deselect") or config.getoption("lf")
    return bool(picked) or any("::" in arg for arg in config.args)


def _top_folder(config: pytest.Config, arg: str) -> str:
    path = (config.invocation_params.dir / arg.partition("::")[0]).resolve()
    root = config.rootpath.resolve()
    return path.relative_to(root).parts[0] if path != root and path.is_relative_to(root) else ""
