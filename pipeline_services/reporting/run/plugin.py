"""The plugin that pytest.ini loads: options for all, the operator's run only where one was asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from pipeline_services.model.errors import PipelineError
from pipeline_services.reporting.run.options import RunOptions, add_options
from pipeline_services.reporting.run.publish import JUNIT, RESULTS
from pipeline_services.reporting.run.selection import choose_paths, run_kind, wants_upkeep
from pipeline_services.reporting.run.session import PLUGIN, OperatorRun
from pipeline_services.reporting.run.source import SnapshotSource

_IDLE_PLUGIN: Final = "hypothesispytest"
"""Imports all of hypothesis to print a summary: seconds, of which an operator's run has few."""
SOURCE: Final = pytest.StashKey[SnapshotSource]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of options.py."""
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before other plugins look at their options: choose the folders, and set up the operator's run."""
    choose_paths(config)
    try:
        source = SnapshotSource(RunOptions.of(config), print, upkeep=wants_upkeep(config))
    except PipelineError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[SOURCE] = source
    kind = run_kind(config)
    if kind:
        _in_one_process(config, source.say)
        _set_up_run(config, OperatorRun(config, kind, source))


def _in_one_process(config: pytest.Config, say: Callable[[str], None]) -> None:
    """Turn pytest-xdist off, wherever it was asked for: its workers would each judge and report a part of the run."""
    option = config.option
    if getattr(option, "dist", "no") != "no" or getattr(option, "tx", None):
        option.numprocesses, option.dist, option.tx = None, "no", []
        say("-n is left out: one process judges one snapshot, in seconds")


def _set_up_run(config: pytest.Config, run: OperatorRun) -> None:
    run.source.say = run.say
    config.pluginmanager.unregister(name=_IDLE_PLUGIN)
    option = config.option
    if run.publishes:
        try:
            run.folder.open()
        except OSError as error:
            message = f"cannot write to {run.folder.path}: {error.strerror}; name another folder with --reports"
            raise pytest.UsageError(message) from error
        config.add_cleanup(run.folder.discard)
        option.xmlpath = option.xmlpath or str(run.folder.draft / JUNIT)
        option.allure_report_dir = option.allure_report_dir or str(run.folder.draft / RESULTS)
        option.attach_capture = False
    if option.verbose <= 0:
        option.verbose = min(option.verbose, -1)  # no header, no dots: an operator reads the summary and the last line
        option.disable_warnings = True
        option.reportchars = ""
    config.pluginmanager.register(run, PLUGIN)
    config.pluginmanager.register(run.extent)


def source_of(config: pytest.Config) -> SnapshotSource:
    """Where the snapshot, the settings and the description come from."""
    return config.stash[SOURCE]
