"""From the command line to a pipeline, and from a story to the report."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final

import allure
import pytest
from _pytest.capture import CaptureManager
from _pytest.terminal import TerminalReporter

from chaos import catalogue
from chaos.faults.common import FaultBuilder
from chaos.matrix.table import ROWS
from pipeline_services.experiment.pipeline import SteadyPipeline
from pipeline_services.experiment.runner import play_into, told
from pipeline_services.experiment.scenario import Case, Story
from pipeline_services.experiment.timeline import as_json, as_text
from pipeline_services.experiment.timeline_picture import svg
from pipeline_services.faults.safety import permitted_ground
from pipeline_services.reporting.run.scenarios import Row
from pipeline_services.reporting.run.session import PLUGIN, WARNING, OperatorRun

CONTROL: Final = "control-"
"""How the ids of the suite's trials on itself begin."""


@contextmanager
def opened(config: pytest.Config) -> Iterator[SteadyPipeline]:
    """The pipeline that the options mean."""
    kubeconfig = config.getoption("kubeconfig")
    ground = permitted_ground(
        Path(kubeconfig) if kubeconfig else None,
        config.getoption("context"),
        config.getoption("namespace"),
        config.getoption("allow_chaos"),
    )
    with SteadyPipeline(ground, lambda line: say(config, line)) as pipeline:
        yield pipeline


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


def rehearse(pipeline: SteadyPipeline, items: Iterable[pytest.Item]) -> None:
    """Say what each of the cases would do to the pipeline as it is now, and how it would be undone."""
    for item in items:
        build, about = _rehearsed(item)
        if build is None:
            several = "play" in getattr(item, "fixturenames", ())
            pipeline.say(f"{item.nodeid}: {'faults of its own' if several else 'looks only, or makes load'}")
            continue
        pipeline.say(item.nodeid)
        fault = build(pipeline)
        pipeline.say(f"  {fault.summary}; {about}")
        for word, steps in (("inject", fault.inject), ("then", fault.follow_up), ("undo", fault.undo)):
            for step in steps:
                pipeline.say(f"  {word:<7} {step}")
        if fault.landed is not None:
            pipeline.say(f"  landed  with {fault.landed.what}")


def _rehearsed(item: pytest.Item) -> tuple[FaultBuilder | None, str]:
    """What makes an item's fault, and what is awaited of it; nothing for an item without a fault of its own."""
    callspec = getattr(item, "callspec", None)
    params = callspec.params if callspec else {}
    case, row = catalogue.ALL.get(str(params.get("case"))), ROWS.get(str(params.get("row")))
    if case is not None:
        return case.fault, f"heals {case.heals.value}; limit {case.within:g} s"
    if row is not None:
        return row.build, f"to be named {' and '.join(map(str, row.expected))}"
    return None, ""


def played(pipeline: SteadyPipeline, case: Case, folder: Path | None, item: pytest.Item) -> Story:
    """The story of a case: its evidence attached to the test, its figures in ``folder`` and in the table of the run."""
    story = Story(case)
    pipeline.say(f"{case.id}:")
    try:
        play_into(story, pipeline)
    finally:
        attach(story)
        if folder is not None and folder.is_dir():
            write_figures(story, folder)
        note(story, item)
    pipeline.say(f"  {told(story)}")
    return story


def note(story: Story, item: pytest.Item) -> None:
    """Enter the story into the table of the run; a control, which fails on purpose, says nothing about the pipeline."""
    run = item.config.pluginmanager.get_plugin(PLUGIN)
    if not isinstance(run, OperatorRun) or story.case.id.startswith(CONTROL):
        return
    warning = run.scenarios.add(Row(story.case.id, story.case.component, story.case.within, story.figures()))
    if warning:
        before = [str(value) for name, value in item.user_properties if name == WARNING]
        item.user_properties.append((WARNING, "; ".join([*before[-1:], warning])))


def attach(story: Story) -> None:
    """The picture, the merged time line as text and as data, the logs' tails, the ledger's verdict, the snapshot."""
    kinds = allure.attachment_type
    allure.attach(svg(story), "time line", kinds.SVG)
    allure.attach(as_text(story), "what happened when", kinds.TEXT)
    allure.attach(as_json(story), "time line as data", kinds.JSON)
    if story.reckoning is not None:
        allure.attach(str(story.reckoning), "ledger", kinds.TEXT)
    if story.snapshot is not None:
        packed = gzip.compress(story.snapshot.to_json().encode(), mtime=0)
        allure.attach(packed, "snapshot while it lasted", "application/gzip", "json.gz")
    for name, lines in story.logs.items():
        allure.attach("\n".join(lines)[-32_768:], f"log of {name}", kinds.TEXT)


def write_figures(story: Story, folder: Path) -> None:
    """Recovery, lag and losses for the report's history, in the form that its generator reads."""
    start, stop = (int(story.marks.get(name, 0.0) * 1000) for name in ("begin", "end"))
    entries = [
        {
            "id": f"{story.case.id} {name}",
            "key": f"{story.case.id} {name}",
            "value": value,
            "start": start,
            "stop": stop,
        }
        for name, value in story.figures().items()
    ]
    (folder / f"{story.case.id}-perf.json").write_text(json.dumps(entries), encoding="utf-8")
