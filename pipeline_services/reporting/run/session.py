"""One operator's run, as a pytest plugin: one snapshot, what each case found in it, the verdict."""

from __future__ import annotations

import gc
import shutil
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import allure
import pytest
from _pytest.terminal import TerminalReporter

from pipeline_services.model.errors import PipelineError
from pipeline_services.model.exit_codes import REFUSED, stopped_by
from pipeline_services.model.signals import ignore_from_now
from pipeline_services.model.text import first_line
from pipeline_services.reporting.allure.deferred_results import HeldResults, hold_results
from pipeline_services.reporting.allure.page_maker import PageMaker
from pipeline_services.reporting.allure.results import CASE_LABEL
from pipeline_services.reporting.run import environment, publish, summary, terminal
from pipeline_services.reporting.run.cases import OUTCOME, CaseLabels, let_pass, noted_outcome, phase_finding, shown
from pipeline_services.reporting.run.extent import Extent
from pipeline_services.reporting.run.folder import ReportFolder
from pipeline_services.reporting.run.interrupts import hide_the_place
from pipeline_services.reporting.run.known import known_issues_seen
from pipeline_services.reporting.run.outcome import PASSED, CaseResult, Finding, Outcome, verdict_of
from pipeline_services.reporting.run.scenarios import Scenarios
from pipeline_services.reporting.run.selection import CHAOS, DAILY, SNAPSHOT_MARKERS, is_partial, leave_out
from pipeline_services.reporting.run.shown import Noted
from pipeline_services.reporting.run.source import SnapshotSource
from pipeline_services.reporting.run.unwritten import Unwritten

if TYPE_CHECKING:
    from pipeline_services.reporting.run.triaged import Triaged

PLUGIN: Final = "operator-run"
WARNING: Final = "warning"
"""The property of a case that is green and still worth a line."""


class OperatorRun:
    """Registered for runs about the pipeline only.

    Attributes:
        kind: daily, weekly, monthly, practice or chaos.
        publishes: the run leaves a report; picked cases alone do so only where --reports asks for it.
        unwritten: what of the report could not be written.
        stopped: by what, where somebody ended the run.
        maker: makes the page, where it was started early.
        noted: what scenarios note beside their cases.
    """

    def __init__(self, config: pytest.Config, kind: str, source: SnapshotSource) -> None:
        self.config = config
        self.kind = kind
        self.source = source
        reports = source.options.reports
        home = reports if kind == DAILY else reports / kind
        replayed = source.options.snapshot and not source.options.reports_asked
        self.folder = ReportFolder(home / publish.REPLAY if replayed else home)
        self.history = home / publish.HISTORY
        self.triage: Triaged | None = None
        self.started = time.time()
        self.results: dict[str, CaseResult] = {}
        self.labels: dict[str, CaseLabels] = {}
        self.extent = Extent(config, source.here)
        self.scenarios = Scenarios.after(self.folder.path, source.pipeline)
        self._exit_code: int | None = None
        self.unwritten = Unwritten(self.folder.path)
        self.stopped: KeyboardInterrupt | None = None
        self._held: HeldResults | None = None
        self.maker: PageMaker | None = None
        self.noted = Noted()
        self.publishes = source.options.reports_asked or not (is_partial(config) or config.getoption("maxfail"))

    def say(self, line: str = "") -> None:
        """Write one line to the operator at once, in its colour where the terminal has any."""
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if isinstance(reporter, TerminalReporter):
            reporter.ensure_newline()
            reporter.write_line(line, **summary.markup(line))
            reporter.flush()

    def pytest_sessionstart(self) -> None:
        """Allure's own plugin is set up by now."""
        if self.publishes:
            self._held = hold_results(self.config.add_cleanup)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Read the markers of what is left after ``-m`` and ``-k``, and leave out the parts that are not here."""
        self.labels = {item.nodeid: CaseLabels.of(item, self.source.pipeline) for item in items}
        leave_out(self.config, items, [item for item in items if self.source.leaves_out(self.labels[item.nodeid])])
        self.labels = {item.nodeid: self.labels[item.nodeid] for item in items}
        for item in items:
            item.add_marker(allure.label(CASE_LABEL, item.nodeid))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Take the snapshot before the first case; what cannot be judged ends the run here, in one line."""
        if session.testsfailed:
            return None
        if self.config.option.tbstyle == "auto":  # asked for by nobody: the findings are printed in their own form
            self.config.option.tbstyle = "no"
        if not any(set(label.markers) & set(SNAPSHOT_MARKERS) for label in self.labels.values()):
            return None
        try:
            self.source.snapshot()
        except PipelineError as error:
            if stopped := self.source.stopped_by(error):
                self.say(f"STOPPED: {error}")
                self._stop(stopped)
                return True
            if self.source.refuses(error):
                self._refuse(str(error))
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
        finding = phase_finding(report, call)
        if self.source.taken and (why := let_pass(finding, item.name, self.source.taken)):
            result.exempted, report.outcome, report.longrepr, finding = why, "passed", None, PASSED
        finding = self._attributed(result, finding)
        if report.skipped:
            report.outcome = "failed"  # a check that was not run is no green one
        result.add(finding)
        noted = dict(item.user_properties)
        result.reading, result.warning = str(noted.get("reading", "")), str(noted.get(WARNING, ""))
        if finding is not PASSED and call.excinfo is not None:
            report.longrepr = shown(finding, call.excinfo)
            item.user_properties.append((OUTCOME, finding.outcome.value))
            report.user_properties = list(item.user_properties)
        return report

    def _attributed(self, result: CaseResult, finding: Finding) -> Finding:
        """What the case found, with what triage says of it; triage is asked when the first case is not green."""
        snapshot = self.source.taken
        if snapshot is None:
            return finding
        result.sources += snapshot.take_reads()
        if self.kind != DAILY or finding is PASSED:
            return finding
        if self.triage is None:
            from pipeline_services.reporting.run.triaged import triaged  # noqa: PLC0415 - a green run does not need it

            self.triage = triaged(snapshot, self.source.settings)
            snapshot.take_reads()  # those of triage are no evidence of the case
        return self.triage.attribute(result, finding)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Count in the operator's words, and print nothing for a case unless -v asks for it."""
        if not isinstance(report, pytest.TestReport):
            return None
        if report.passed and report.when != "call":
            return "", "", ""
        outcome = Outcome.PASSED if report.passed else noted_outcome(report)
        if self.config.option.verbose <= 0:
            return outcome.value, "", ""
        return outcome.value, outcome.value[0].upper(), outcome.value.upper()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """A scenario takes minutes: say how each one ended, and why at once where it did not end well."""
        if self.kind == CHAOS and self.config.option.verbose <= 0 and nodeid in self.results:
            result = self.results[nodeid]
            self.say(f"{result.outcome.value:<12} {result.seconds:6.1f} s  {nodeid}")
            if result.outcome is not Outcome.PASSED:
                self.say(f"  {first_line(result.finding.message)}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Ctrl-C or a signal, as opposed to pytest's own stop after collection errors."""
        if type(excinfo.value) is KeyboardInterrupt:
            self._stop(excinfo.value)
            hide_the_place(self.config, excinfo)

    def _stop(self, by: KeyboardInterrupt) -> None:
        """From here on the run only ends; what comes now must not break into that."""
        self.stopped = by
        ignore_from_now()

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None]:
        """Say the findings, write the report, and set the exit code that the verdict has."""
        try:
            yield
        except OSError as error:  # of another plugin, such as junit.xml's
            self.unwritten.note(error)
        try:
            if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
                self._refuse_nothing()
            elif not self.stopped and (self.results or exitstatus == pytest.ExitCode.TESTS_FAILED):
                self._conclude()
        except KeyboardInterrupt as error:
            self._stop(error)
        finally:
            self.folder.discard()
        if self.stopped:
            self._say_stopped(self.stopped)
        if self._exit_code is not None:
            session.exitstatus = self._exit_code

    def _say_stopped(self, by: KeyboardInterrupt) -> None:
        stopped = f"Stopped by {str(by) or 'Ctrl-C'}. No report was written; {self.folder.path} is as it was."
        for line in (*self._seen_so_far(), stopped):
            self.say(line)
        self._exit_code = stopped_by(by)

    def _seen_so_far(self) -> list[str]:
        """What a run of minutes had found when it was stopped; a run of seconds is simply repeated."""
        wrong = [result for result in self.results.values() if result.outcome is not Outcome.PASSED]
        if self._exit_code is not None or self.kind == DAILY or not wrong:
            return []
        return [*self.scenarios.lines(), *summary.summary(list(self.results.values()), self.source.pipeline), ""]

    def _refuse_nothing(self) -> None:
        absent = self.source.settings.absent and not self.extent.left_out
        why = "every component is absent, by the settings" if absent else "-k, -m, --lf and the paths select no check"
        self._refuse(f"{why}: nothing was judged")

    def _refuse(self, why: str) -> None:
        """In one line: how many cases pytest has left out says nothing here."""
        self.say(f"REFUSED: {why}")
        self._exit_code = REFUSED
        self.config.option.verbose = min(self.config.option.verbose, -2)

    def _conclude(self) -> None:
        gc.freeze()  # what there is stays to the end, which pytest would look through five times
        not_run = list(self.extent.not_run(self.labels, self.results))
        self.results |= {result.id: result for result in not_run}
        results, left_out = list(self.results.values()), self.extent.left_out
        snapshot = self.source.taken
        self.noted.keep_to(verdict_of(results))
        if snapshot:
            for result in results:
                result.known_issues += known_issues_seen(snapshot, result)
        causes = terminal.tells_causes(self.triage)
        for block in filter(None, (self.source.of_the_file(), self.scenarios.lines(), self._summary(results))):
            for line in block if causes else (*block, ""):
                self.say(line)
        for line in self.source.of_the_settings():
            self.say(line)
        where = environment.place(snapshot, self.source.options, self.source.pipeline)
        self._report(results, where, partial=bool(not_run) or left_out != 0)
        plain = summary.verdict(results, where.rpartition(", ")[0] if causes else where, left_out, blamed=not causes)
        told = [self.noted.verdict(where) or plain]
        for line in summary.paragraphs(told, shutil.get_terminal_size().columns) if causes else told:
            self.say(line)
        self._exit_code = verdict_of(results).exit_code

    def _report(self, results: Sequence[CaseResult], where: str, *, partial: bool) -> None:
        """Leave the report, or say why there is none."""
        if self.unwritten.why:
            self.say(self.unwritten.line)
        elif self.publishes and (self.source.options.reports_asked or not partial):
            # Judged again, a snapshot is no new run; and a part of the checks is no point of the whole's history.
            remember = self.source.options.snapshot is None and not (partial and self.kind in SNAPSHOT_MARKERS)
            said = self.source.changed, sorted(self.source.settings.absent)
            run = publish.Run(self.kind, self.started, where, remember, self.extent.left_out, *said)
            try:
                self._publish(run, results)
            except KeyboardInterrupt as error:  # the verdict is known by now
                self._stop(error)
        elif partial:
            self.say(f"Only some checks were run: {self.folder.path} is as it was (--reports DIR writes a report)")

    def _publish(self, run: publish.Run, results: Sequence[CaseResult]) -> None:
        markers = {case: label.markers for case, label in self.labels.items()}
        written = Path(self.config.option.allure_report_dir), Path(self.config.option.xmlpath)
        snapshot, history = self.source.taken, self.history
        documents = self._held.documents if self._held else []
        report = publish.Report(
            *(self.folder, *written, documents, run, results, markers, snapshot, history, self.scenarios, self.triage),
            looks=self.source.options.reports,
            maker=self.maker,
            noted=self.noted,
        )
        try:
            publish.write(report, self.say)
        except OSError as error:
            self.unwritten.note(error)
            self.say(self.unwritten.line)

    def _summary(self, results: Sequence[CaseResult]) -> list[str]:
        """The verdict's own words, or the causes, where triage was asked; else what each check says."""
        width = shutil.get_terminal_size().columns
        source, verbose, shown = self.source, self.config.option.verbose > 0, self.noted.shown
        view = terminal.View(results, source.pipeline, width, source.options, source.settings.absent, verbose, shown)
        return terminal.lines(view, self.triage)
