"""The plugin that pytest.ini loads: options for all, the operator's run only where one was asked for."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Final

import allure_commons
import pytest

from pipeline_services.model.arguments import LOOKED_AT
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.say import Say
from pipeline_services.model.signals import unwind_from_now
from pipeline_services.model.standard_output import unbreakable
from pipeline_services.reporting.allure.page_maker import loading
from pipeline_services.reporting.run import early
from pipeline_services.reporting.run.options import DEFAULT_REPORTS, RunOptions, add_options
from pipeline_services.reporting.run.publish import JUNIT, RESULTS
from pipeline_services.reporting.run.selection import (
    DAILY,
    MONTHLY,
    SNAPSHOT_MARKERS,
    choose_paths,
    require_a_cluster,
    require_a_run,
    require_no_mistyped_run,
    require_this_checkout,
    run_kind,
    run_markers,
    wants_depth,
    wants_upkeep,
)
from pipeline_services.reporting.run.session import PLUGIN, OperatorRun
from pipeline_services.reporting.run.source import SnapshotSource

_IDLE_PLUGIN: Final = "hypothesispytest"
"""Imports all of hypothesis to print a summary: seconds, of which an operator's run, or a list of it, has few."""
SOURCE: Final = pytest.StashKey[SnapshotSource]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of options.py."""
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """With --fleet the whole run is that of the fleet: no case is collected, and its exit code is this one's."""
    fleet = config.getoption("fleet")
    if not fleet:
        return None
    if run_markers(config) not in ([], [DAILY]):
        raise pytest.UsageError("--fleet judges by the daily checks: it takes no other run")
    _require_nothing_else(config)
    from pipeline_services.reporting.fleet import cli  # noqa: PLC0415  a run of one pipeline does not need it

    here = config.invocation_params.dir
    reports = here / (config.getoption("reports") or DEFAULT_REPORTS)
    return cli.main(["--fleet", str(here / fleet), "--reports", str(reports)])


def _require_nothing_else(config: pytest.Config) -> None:
    """With --fleet nothing else says what is judged: it would be left unheeded."""
    options = [
        f"--{name}" for name in LOOKED_AT if name not in ("fleet", "reports", "check") and config.getoption(name)
    ]
    args = [] if config.args_source is pytest.Config.ArgsSource.TESTPATHS else config.args
    picks = [
        name
        for name, picked in {"-k": "keyword", "--lf": "lf", "--deselect": "deselect"}.items()
        if config.getoption(picked, None)
    ]
    if given := [*options, *picks, *args]:
        raise pytest.UsageError(f"--fleet judges what its file lists, by all checks: leave out {', '.join(given)}")


_NEEDED: Final = {
    "terminal": ("verbose", "place for a verdict"),
    "junitxml": ("xmlpath", "junit.xml"),
    "allure_pytest": ("allure_report_dir", "report"),
}
"""Plugins that a run about the pipeline cannot do without: an option that each has, and what is missing without it."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before other plugins look at their options: choose the folders, and set up the operator's run."""
    require_no_mistyped_run(config)
    require_this_checkout(config)
    choose_paths(config)
    asked = RunOptions.of(config)
    require_a_run(config, asked.given())
    require_a_cluster(config, asked.snapshot)
    try:
        source = SnapshotSource(
            asked, print, deep=wants_depth(config), upkeep=wants_upkeep(config), offers=MONTHLY in run_markers(config)
        )
    except PipelineError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[SOURCE] = source
    kind = run_kind(config)
    if kind or run_markers(config):
        config.pluginmanager.unregister(name=_IDLE_PLUGIN)
    if not kind:
        early.put_back()
        return
    _require_plugins(config)
    _in_one_process(config, source.say)
    _set_up_run(config, OperatorRun(config, kind, source))


def _require_plugins(config: pytest.Config) -> None:
    for plugin, (option, lacks) in _NEEDED.items():
        if not hasattr(config.option, option):
            raise pytest.UsageError(
                f"without pytest's {plugin} there is no {lacks}: leave out -p no:{plugin} and "
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
            )


def _in_one_process(config: pytest.Config, say: Say) -> None:
    """Turn pytest-xdist off, wherever it was asked for: its workers would each judge and report a part of the run."""
    option = config.option
    if getattr(option, "dist", "no") != "no" or getattr(option, "tx", None):
        option.numprocesses, option.dist, option.tx = None, "no", []
        say("-n is left out: one process judges one snapshot, in seconds")


def _set_up_run(config: pytest.Config, run: OperatorRun) -> None:
    run.source.say = run.say
    output = ExitStack()
    output.enter_context(unbreakable())
    config.add_cleanup(output.close)
    config.pluginmanager.register(early.BeforeSession(config))
    early.put_back()
    put_back = unwind_from_now()
    config.add_cleanup(lambda: None if run.stopped else put_back())
    option = config.option
    if run.publishes:
        _open_report(config, run)
    if option.verbose <= 0:
        option.verbose = min(option.verbose, -1)  # no header, no dots: an operator reads the summary and the last line
        option.disable_warnings = True
        option.reportchars = ""
    config.pluginmanager.register(run, PLUGIN)
    config.pluginmanager.register(run.extent)


def _open_report(config: pytest.Config, run: OperatorRun) -> None:
    """Where the report and the files of other plugins are written to; where nothing can be, the verdict has to do."""
    option = config.option
    try:
        run.folder.open()
        results = Path(option.allure_report_dir or run.folder.draft / RESULTS)
        results.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        run.unwritten.note(error)
        option.xmlpath = option.allure_report_dir = None
        return
    config.add_cleanup(run.folder.discard)
    option.xmlpath = option.xmlpath or str(run.folder.draft / JUNIT)
    option.allure_report_dir = str(results)
    option.attach_capture = False
    if run.kind in SNAPSHOT_MARKERS and not option.collectonly:
        run.maker = loading()  # while cases are collected and the cluster is looked at
        config.add_cleanup(lambda: run.maker.close() if run.maker else None)
    allure_commons.plugin_manager.register(run.unwritten)
    config.add_cleanup(lambda: allure_commons.plugin_manager.unregister(run.unwritten))


def source_of(config: pytest.Config) -> SnapshotSource:
    """Where the snapshot, the settings and the profile come from."""
    return config.stash[SOURCE]
