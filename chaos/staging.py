"""From the command line to a pipeline, and from a result to the report."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final

import allure
import pytest
from _pytest.capture import CaptureManager
from _pytest.terminal import TerminalReporter

from chaos.matrix.applicable import left_out_lines, sorted_out
from chaos.scenarios import MATRIX, RECOVERY
from pipeline_services.experiment.observers.recovery import RecoveryObserver
from pipeline_services.experiment.pipeline import SteadyPipeline
from pipeline_services.experiment.result import Result, as_line
from pipeline_services.experiment.runner import play
from pipeline_services.experiment.scenario import Scenario
from pipeline_services.experiment.timeline import as_json, as_text, phases
from pipeline_services.experiment.timeline_picture import svg
from pipeline_services.faults.safety import authorize_target
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.installation import Installation
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.reporting.allure.results import Figure, figures_json
from pipeline_services.reporting.run import selection
from pipeline_services.reporting.run.environment import kubernetes_of
from pipeline_services.reporting.run.plugin import source_of
from pipeline_services.reporting.run.scenarios import Row
from pipeline_services.reporting.run.session import PLUGIN, WARNING, OperatorRun

CONTROL: Final = "control-"
"""How the ids of the suite's trials on itself begin."""


@contextmanager
def opened(config: pytest.Config, *, sends: bool) -> Iterator[SteadyPipeline]:
    """The pipeline that the options mean; ``sends`` as ``SteadyPipeline.open`` takes it."""
    kubeconfig = config.getoption("kubeconfig")
    authorized = authorize_target(
        Path(kubeconfig) if kubeconfig else None,
        config.getoption("context"),
        config.getoption("namespace"),
        config.getoption("allow_chaos"),
        source_of(config).pipeline,
    )
    with SteadyPipeline.open(authorized, lambda line: say(config, line), sends=sends) as pipeline:
        note_cluster(config, pipeline)
        yield pipeline


def note_cluster(config: pytest.Config, pipeline: SteadyPipeline) -> None:
    """Let the report say which cluster it was, and which version, as far as the account may see that."""
    run = config.pluginmanager.get_plugin(PLUGIN)
    if not isinstance(run, OperatorRun):
        return
    cluster = pipeline.cluster
    try:
        namespace = cluster.get("Namespace", cluster.namespace)
        run.scenarios.here = Installation.of(cluster.context, cluster.namespace, namespace)
    except PipelineError as error:
        pipeline.say(f"the scenarios are held against no earlier ones: {error.message}")
    try:
        run.noted.kubernetes = kubernetes_of(cluster.list("nodes"))
    except PipelineError as error:
        pipeline.say(f"the version of Kubernetes is not known: {error.message}")


def say(config: pytest.Config, line: str) -> None:
    """Tell the operator at once, and past the capture of the test that is running."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if not isinstance(reporter, TerminalReporter):
        return
    with capture.global_and_fixture_disabled() if isinstance(capture, CaptureManager) else nullcontext():
        reporter.ensure_newline()
        reporter.write_line(line)
        reporter.flush()


def leave_out(pipeline: SteadyPipeline, session: pytest.Session) -> None:
    """Name the rows of the matrix that need what the pipeline has not, and leave them out."""
    rows = {row for item in session.items if (row := _row(item)) in MATRIX}
    if not rows or pipeline.description is Pipeline.load():
        return
    lacks = sorted_out((row for row in MATRIX if row in rows), pipeline)
    for line in left_out_lines(lacks, len(rows)):
        pipeline.say(line)
    selection.leave_out(session.config, session.items, [item for item in session.items if _row(item) in lacks])


def _row(item: pytest.Item) -> str:
    callspec = getattr(item, "callspec", None)
    return str(callspec.params.get("row", "")) if callspec else ""


def rehearse(pipeline: SteadyPipeline, items: Iterable[pytest.Item]) -> None:
    """Say what each of the cases would do to the pipeline as it is now, and how it would be undone."""
    for item in items:
        scenario = _scenario(item)
        if scenario is None:
            several = "play" in getattr(item, "fixturenames", ())
            pipeline.say(f"{item.nodeid}: {'faults of its own' if several else 'looks only, or makes load'}")
            continue
        pipeline.say(item.nodeid)
        scenario = scenario.filled(pipeline.description)
        fault, plan = scenario.fault(pipeline), scenario.recovery
        named = f"to be named {' and '.join(map(str, scenario.findings))}"
        pipeline.say(f"  {fault.summary}; {f'heals {plan.heals.value}; limit {plan.within_s:g} s' if plan else named}")
        for word, steps in (("inject", fault.inject), ("then", fault.follow_up), ("undo", fault.undo)):
            for step in steps:
                pipeline.say(f"  {word:<7} {step}")
        if fault.landed is not None:
            pipeline.say(f"  landed  with {fault.landed.what}")


def _scenario(item: pytest.Item) -> Scenario | None:
    """What an item plays; None for one that plays several, or none."""
    callspec = getattr(item, "callspec", None)
    case = str(callspec.params.get("case")) if callspec else ""
    return RECOVERY.get(case) or MATRIX.get(_row(item))


def played(pipeline: SteadyPipeline, scenario: Scenario, folder: Path | None, item: pytest.Item) -> Result:
    """The result of a scenario: its evidence attached to the test, its figures in ``folder`` and in the run's table."""

    def keep(result: Result) -> None:
        attach(result)
        if folder is not None and folder.is_dir():
            write_figures(result, folder)
        note(result, item)

    pipeline.say(f"{scenario.id}:")
    scenario = scenario.filled(pipeline.description)
    result = play(pipeline, scenario, RecoveryObserver(pipeline, scenario), keep)
    pipeline.say(f"  {as_line(result)}")
    return result


def note(result: Result, item: pytest.Item) -> None:
    """Enter the result into the table of the run; a control, which fails on purpose, says nothing of the pipeline."""
    run = item.config.pluginmanager.get_plugin(PLUGIN)
    scenario = result.scenario
    if not isinstance(run, OperatorRun) or scenario.id.startswith(CONTROL):
        return
    warning = run.scenarios.add(Row(scenario.id, scenario.plan.component, scenario.plan.within_s, result.figures()))
    if warning:
        before = [str(value) for name, value in item.user_properties if name == WARNING]
        item.user_properties.append((WARNING, "; ".join([*before[-1:], warning])))


def attach(result: Result) -> None:
    """The picture, the merged time line as text and as data, the logs' tails, the ledger's verdict, the snapshot."""
    kinds = allure.attachment_type
    allure.attach(svg(result), "time line", kinds.SVG)
    allure.attach(as_text(result), "what happened when", kinds.TEXT)
    allure.attach(as_json(result), "time line as data", kinds.JSON)
    if result.reconciled:
        allure.attach(str(result.reconciled.report), "ledger", kinds.TEXT)
    if result.observed.snapshot:
        packed = gzip.compress(result.observed.snapshot.to_json().encode(), mtime=0)
        allure.attach(packed, "snapshot while it lasted", "application/gzip", "json.gz")
    for name, lines in result.evidence.logs.items() if result.evidence else ():
        allure.attach("\n".join(lines)[-32_768:], f"log of {name}", kinds.TEXT)


def write_figures(result: Result, folder: Path) -> None:
    """Recovery, lag and losses for the report's history."""
    moments, scenario = phases(result), result.scenario.id
    start, stop = (moments.get(name, 0.0) for name in ("begin", "end"))
    figures = [Figure(f"{scenario} {name}", value, start, stop) for name, value in result.figures().items()]
    (folder / f"{scenario}-perf.json").write_text(figures_json(figures), encoding="utf-8")
