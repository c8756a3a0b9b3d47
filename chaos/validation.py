"""From --candidate to a verdict, and from the verdict to the report."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Final

import allure
import pytest

from chaos.scenarios import RECOVERY, RESILIENCE
from chaos.staging import attach as attach_result
from pipeline_services.apps.load import TOPIC_PREFIX
from pipeline_services.experiment.expectations import expect_nothing_left, expect_nothing_lost, expect_recovered
from pipeline_services.experiment.leftovers import differences
from pipeline_services.experiment.observers.recovery import RecoveryObserver
from pipeline_services.experiment.pipeline import SteadyPipeline
from pipeline_services.experiment.result import Result
from pipeline_services.experiment.runner import play
from pipeline_services.model.errors import NoData, PreconditionNotMet
from pipeline_services.release import picture, records
from pipeline_services.release.candidate import Candidate
from pipeline_services.release.decision import Decision, Judged
from pipeline_services.release.engine import MEASURED, STAGES, Site, validation
from pipeline_services.release.facts import Fact
from pipeline_services.release.ground import ground
from pipeline_services.release.image import provide
from pipeline_services.release.rollout import RollOut
from pipeline_services.release.verdict import Conclusion, Verdict
from pipeline_services.reporting.allure.released import shown
from pipeline_services.reporting.run.options import RunOptions
from pipeline_services.reporting.run.selection import RELEASE
from pipeline_services.reporting.run.session import PLUGIN, OperatorRun

SETTLED_WITHIN_S: Final = 180.0
"""Seconds for the pipeline to be steady again between two stages."""


def candidate_of(config: pytest.Config) -> Candidate:
    """What ``--candidate`` means. Raises PreconditionNotMet where it is missing, or nothing that can be tried."""
    return Candidate.of(config.getoption("candidate") or "", config.invocation_params.dir)


def validated(pipeline: SteadyPipeline, config: pytest.Config) -> Conclusion:
    """The verdict on the candidate, written to ``release.json`` and entered into the history.

    Raises:
        PreconditionNotMet: it is not the suite's own cluster.
        PipelineError: there is no image of the candidate, or no baseline; nothing was changed.
    """
    if not pipeline.authorized.own:
        raise PreconditionNotMet("refused: a candidate is built for, and measured on, the suite's own cluster only")
    candidate, before = candidate_of(config), pipeline.inventory()
    site = Site(
        pipeline.api,
        pipeline.journal,
        pipeline.probes,
        lambda line: pipeline.say(f"  {line}"),
        lambda: pipeline.require_steady(SETTLED_WITHIN_S),
        lambda: differences(before, pipeline.inventory()),
        lambda: failures(pipeline),
        config.getoption("seed"),
        config.getoption("measure_only"),
    )
    conclusion = validation(
        site, candidate.name, lambda baseline: provide(candidate, baseline, pipeline.say)
    ).conclude()
    file = records.write(RunOptions.of(config).reports, conclusion)
    pipeline.say(f"for machines: {file}")
    return conclusion


def show(conclusion: Conclusion, session: pytest.Session) -> None:
    """Have the run say and show the verdict in its own words."""
    run = session.config.pluginmanager.get_plugin(PLUGIN)
    if isinstance(run, OperatorRun):
        cases = [item for item in session.items if item.get_closest_marker(RELEASE)]
        run.noted.shown = shown(conclusion, {item.nodeid: _subject(item) for item in cases}, pictures(conclusion))


def pictures(conclusion: Conclusion) -> dict[str, bytes]:
    """The pairs of each metric that was measured, and the roll-out, where there was one."""
    found = conclusion.evidence
    drawn = {one.metric.title: picture.metric_svg(one) for one in found.metrics if one.pairs}
    return drawn | ({"roll-out": picture.rollout_svg(found.rolled)} if found.rolled else {})


def _subject(item: pytest.Item) -> str:
    """The fact or the metric that a case asks for; empty for the verdict."""
    callspec = getattr(item, "callspec", None)
    return str(next(iter(callspec.params.values()))) if callspec else ""


def failures(pipeline: SteadyPipeline) -> list[str]:
    """Play the failures of the resilience test on what is deployed; what was not as it should be, a line each."""
    wrong: list[str] = []
    for name in RESILIENCE:
        scenario = replace(RECOVERY[name], id=f"release-{name}").filled(pipeline.description)
        pipeline.say(f"    {name}")
        wrong += not_as_expected(play(pipeline, scenario, RecoveryObserver(pipeline, scenario), attach_result))
    return wrong


def not_as_expected(result: Result) -> list[str]:
    """What a scenario of the resilience test did not hold, a line each."""
    wrong = []
    for expect in (expect_nothing_lost, expect_recovered, expect_nothing_left):
        try:
            expect(result)
        except AssertionError as error:
            wrong.append(" ".join(str(error).split()))
    return wrong


def rehearse(pipeline: SteadyPipeline, candidate: Candidate, *, measure_only: bool = False) -> None:
    """Say what a validation would do to the pipeline as it is now, and how it would be undone."""
    topic = f"{TOPIC_PREFIX}{int(time.time())}"
    trial = ground(pipeline.description, topic, "<the operator's token>")
    image = candidate.image or "localhost/<the baseline's name>:candidate-<key>"
    roll_out = RollOut(pipeline.api, pipeline.journal, pipeline.probes, image)
    pipeline.say(f"{candidate.name}: {', '.join(MEASURED if measure_only else STAGES)}")
    for fault in (trial,) if measure_only else (trial, roll_out.fault()):
        pipeline.say(f"  {fault.summary}")
        for word, steps in (("inject", fault.inject), ("undo", fault.undo)):
            for step in steps:
                pipeline.say(f"    {word:<7} {step}")
    if not measure_only:
        pipeline.say(f"  failures on the candidate: {', '.join(RESILIENCE)}")


def attach(conclusion: Conclusion, reports: RunOptions) -> None:
    """The facts, the roll-out and the noise as pictures, all of it as data, and earlier verdicts."""
    kinds = allure.attachment_type
    facts = "\n".join(one.line for one in conclusion.evidence.facts)
    allure.attach(facts or "none was looked at", "facts", kinds.TEXT)
    if conclusion.evidence.rolled:
        allure.attach(picture.rollout_svg(conclusion.evidence.rolled), "roll-out", kinds.SVG)
    for judged in conclusion.evidence.control:
        allure.attach(picture.metric_svg(judged), f"baseline against itself: {judged.metric.title}", kinds.SVG)
    allure.attach(json.dumps(conclusion.document(), indent=1), "release.json", kinds.JSON)
    allure.attach(records.as_text(records.history(reports.reports)), "verdicts so far", kinds.TEXT)


def require_go(conclusion: Conclusion) -> None:
    """Return for a go only.

    Raises:
        AssertionError: it is a no-go.
        NoData: there is not enough data.
    """
    assert conclusion.verdict is not Verdict.NO_GO, str(conclusion)
    if conclusion.verdict is Verdict.NOT_ENOUGH_DATA:
        raise NoData(str(conclusion))


def require_fact(conclusion: Conclusion, name: str) -> None:
    """Return where the fact holds.

    Raises:
        AssertionError: it does not.
        NoData: it is not known, or was not measured.
    """
    fact = conclusion.evidence.of(name)
    if not isinstance(fact, Fact):
        raise NoData(conclusion.not_measured)
    assert fact.holds is not False, str(fact)
    if fact.holds is None:
        raise NoData(str(fact))


def require_not_worse(conclusion: Conclusion, name: str) -> None:
    """Attach the metric's rounds, and return where it is not worse.

    Raises:
        AssertionError: it is a regression.
        NoData: there is not enough data, or it was not measured.
    """
    judged = conclusion.evidence.of(name)
    if not isinstance(judged, Judged):
        raise NoData(conclusion.not_measured)
    allure.attach(picture.metric_svg(judged), judged.metric.title, allure.attachment_type.SVG)
    assert judged.decision is not Decision.REGRESSION, judged.in_full
    if judged.decision is Decision.NOT_ENOUGH_DATA:
        raise NoData(judged.in_full)
