"""One operator's run, as a pytest plugin: one snapshot, what each case found in it, the verdict."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import allure
import pytest
from _pytest.terminal import TerminalReporter

from pipeline_services.errors import PipelineError
from pipeline_services.reporting import environment, publish, terminal
from pipeline_services.reporting.allure_results import CASE_LABEL
from pipeline_services.reporting.folder import ReportFolder
from pipeline_services.reporting.known import known_issues_seen
from pipeline_services.reporting.options import RunOptions
from pipeline_services.reporting.outcome import (
    EXIT_STOPPED,
    EXIT_USAGE,
    PASSED,
    CaseResult,
    Category,
    Finding,
    Outcome,
    finding_of,
    verdict_of,
)
from pipeline_services.reporting.selection import RUN_MARKERS, SNAPSHOT_MARKERS, is_partial
from pipeline_services.reporting.source import SnapshotSource, is_usage
from pipeline_services.settings import COMPONENTS

_OUTCOME: Final = "outcome"


@dataclass(frozen=True, slots=True)
class CaseLabels:
    """What the markers of a case say."""

    component: str
    runbook: str
    markers: tuple[str, ...]

    @classmethod
    def of(cls, item: pytest.Item) -> CaseLabels:
        """Read them.

        Raises:
            pytest.UsageError: the case does not name a component that there is.
        """
        component = _argument(item, "component")
        if component not in COMPONENTS:
            raise pytest.UsageError(f"{item.nodeid} needs @pytest.mark.component with one of: {', '.join(COMPONENTS)}")
        markers = tuple(name for name in RUN_MARKERS if item.get_closest_marker(name))
        return cls(component, _argument(item, "runbook"), markers)


def _argument(item: pytest.Item, marker: str) -> str:
    found = item.get_closest_marker(marker)
    return str(found.args[0]) if found and found.args else ""


class OperatorRun:
    """Registered for runs about the pipeline only. ``source`` gives the snapshot to the fixture of that name."""

    def __init__(
        self, config: pytest.Config, options: RunOptions, source: SnapshotSource, folder: ReportFolder
    ) -> None:
        self.config = config
        self.source = source
        self.folder = folder
        self.started = time.time()
        self.results: dict[str, CaseResult] = {}
        self.labels: dict[str, CaseLabels] = {}
        self.absent: set[str] = set()
        self._exit_code: int | None = None
        self._stopped = False
        partial = is_partial(config) or bool(config.getoption("maxfail"))
        self.publishes = options.reports_asked or not partial

    def say(self, line: str = "") -> None:
        """Write one line to the operator at once."""
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if isinstance(reporter, TerminalReporter):
            reporter.ensure_newline()
            reporter.write_line(line)
            reporter.flush()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Read the markers of what is left after ``-m`` and ``-k``, and leave out the parts that are not here."""
        self.labels = {item.nodeid: CaseLabels.of(item) for item in items}
        self.absent = {label.component for label in self.labels.values()} & self.source.settings.absent
        gone = [item for item in items if self.labels[item.nodeid].component in self.absent]
        if gone:
            items[:] = [item for item in items if self.labels[item.nodeid].component not in self.absent]
            self.config.hook.pytest_deselected(items=gone)
        for item in items:
            item.add_marker(allure.label(CASE_LABEL, item.nodeid))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Take the snapshot before the first case; what was asked for in vain ends the run here, in one line."""
        if session.testsfailed or not any(
            item.get_closest_marker(name) for item in session.items for name in SNAPSHOT_MARKERS
        ):
            return None
        if self.config.option.tbstyle == "auto":  # asked for by nobody: the findings are printed in their own form
            self.config.option.tbstyle = "no"
        try:
            self.source.snapshot()
        except PipelineError as error:
            if is_usage(error):
                self.say(f"REFUSED: {error}")
                self._exit_code = EXIT_USAGE
                return True
        return None

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note what this phase of the case found, and give the report its plain message in place of a traceback."""
        report = yield
        labels = self.labels[item.nodeid]
        result = self.results.setdefault(item.nodeid, CaseResult(item.nodeid, labels.component, labels.runbook))
        result.seconds += report.duration
        finding = _finding(report, call)
        if report.skipped:
            report.outcome = "failed"  # a check that was not run is no green one
        result.add(finding)
        snapshot = self.source.taken
        if snapshot:
            result.sources += snapshot.take_reads()
        noted = dict(item.user_properties)
        result.reading, result.warning = str(noted.get("reading", "")), str(noted.get("warning", ""))
        if finding is not PASSED and call.excinfo is not None:
            report.longrepr = _longrepr(finding, call.excinfo)
            item.user_properties.append((_OUTCOME, finding.outcome.value))
            report.user_properties = list(item.user_properties)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Count in the operator's words, and print nothing for a case unless -v asks for it."""
        if not isinstance(report, pytest.TestReport):
            return None
        if report.passed and report.when != "call":
            return "", "", ""
        outcome = Outcome.PASSED if report.passed else _noted(report)
        if self.config.option.verbose <= 0:
            return outcome.value, "", ""
        return outcome.value, outcome.value[0].upper(), outcome.value.upper()

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Ctrl-C, as against pytest's own stop after collection errors."""
        self._stopped = excinfo.type is KeyboardInterrupt

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Say the findings, write the report, and set the exit code that the verdict has."""
        try:
            if self._stopped:
                self._exit_code = EXIT_STOPPED
                self.say(f"Stopped. No report was written; {self.folder.path} is as it was.")
            elif self.results and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
                self._conclude()
        finally:
            self.folder.discard()
        if self._exit_code is not None:
            session.exitstatus = self._exit_code

    def _conclude(self) -> None:
        results = list(self.results.values())
        snapshot = self.source.taken
        if snapshot:
            for result in results:
                result.known_issues += known_issues_seen(snapshot, result)
        for line in terminal.summary(results, self.absent):
            self.say(line)
        self.say()
        where = environment.place(snapshot)
        if self.publishes:
            markers = {case: label.markers for case, label in self.labels.items()}
            publish.write(
                publish.Report(self.folder, results, markers, snapshot, self.started, self._remembers(), where),
                self.say,
            )
        else:
            self.say(f"Only some checks were picked: {self.folder.path} is as it was (--reports DIR writes a report)")
        self.say(terminal.verdict(results, where))
        self._exit_code = verdict_of(results).exit_code

    def _remembers(self) -> bool:
        """A snapshot that is judged again is no new run: it stays out of the history."""
        return self.source.options.snapshot is None


def _finding(report: pytest.TestReport, call: pytest.CallInfo[None]) -> Finding:
    if report.skipped:
        return Finding(Outcome.INCONCLUSIVE, Category.SUITE_ERROR, f"was not run: {_reason(report)}", "L2")
    if call.excinfo is None or report.passed:
        return PASSED
    return finding_of(call.excinfo.value)


def _noted(report: pytest.TestReport) -> Outcome:
    noted = dict(report.user_properties).get(_OUTCOME, Outcome.FAILED)
    return Outcome(str(noted))


def _reason(report: pytest.TestReport) -> str:
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else "skipped"


def _longrepr(finding: Finding, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    if finding.category is not Category.SUITE_ERROR:
        return finding.message
    return str(excinfo.getrepr(style="short", showlocals=False, funcargs=False))
