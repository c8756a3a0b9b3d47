"""Plays a case on a steady pipeline, from steady state to steady state, and writes down what came of it."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Final

from pipeline_services import steady_evidence as evidence
from pipeline_services.audit import Audit
from pipeline_services.faults.injection import gone, injected, landed
from pipeline_services.faults.model import Fault
from pipeline_services.leftovers import differences
from pipeline_services.recovery import Expected, Recovery, measure
from pipeline_services.scenario import Case, Heals, Story
from pipeline_services.steady_pipeline import SteadyPipeline
from pipeline_services.steady_samples import newest_of
from pipeline_services.steady_watch import Watch
from pipeline_services.symptoms import SymptomWatch
from pipeline_services.waiting import WaitExpired, wait_until

BEFORE: Final = 3.0
"""Seconds of steady flow at the start of each time line."""
SYMPTOMS_WITHIN: Final = 90.0
LATE: Final = 60.0
"""Seconds past the limit for which a recovery is still waited for, so that a late one is told with its time."""
SETTLE_WITHIN: Final = 60.0


def play(pipeline: SteadyPipeline, case: Case) -> Story:
    """Break, see, heal, measure, reckon. The fault is undone and the evidence is in the story whatever happens.

    Raises:
        PreconditionNotMet: the pipeline was not steady to begin with (nothing was touched), or the fault did not land.
        PipelineError: the undo failed, or the story could not be told to its end.
    """
    story = Story(case)
    pipeline.require_steady()
    play_into(story, pipeline)
    return story


def play_into(story: Story, pipeline: SteadyPipeline) -> None:
    """As ``play``, on a story that the caller keeps, so that its evidence is there when an error ends it."""
    case = story.case
    story.marks["begin"] = time.time()
    before = pipeline.inventory()
    with Watch(pipeline.probes) as watch, Audit(pipeline.probes) as audit:
        story.samples = watch.samples
        _await_flow(watch)
        fault = case.fault(pipeline)
        expected = _expected(pipeline, case, fault)
        story.summary = fault.summary
        try:
            _break(story, pipeline, fault, expected)
            gone(fault)
            story.marks["gone"] = time.time()
            story.reckoning = audit.reckon()
        finally:
            story.marks["end"] = time.time()
            evidence.gather(story, pipeline)
    pipeline.require_steady(SETTLE_WITHIN)
    story.leftovers = differences(before, pipeline.inventory())


def _await_flow(watch: Watch) -> None:
    """Until the audit's own readings come through and a few seconds of steady state are on record."""
    since = time.time()

    def flows() -> bool:
        stored = watch.samples.stored
        return time.time() - since > BEFORE and bool(stored) and newest_of(stored[-1], audit=True) is not None

    wait_until(flows, within=30.0, what="the audit's readings to be stored", every=0.1)


def _expected(pipeline: SteadyPipeline, case: Case, fault: Fault) -> Expected:
    victims = frozenset(pod.life for pod in pipeline.probes.pods().pods if pod.name in fault.pods)
    return Expected(case.component, 1, victims, case.audit)


def _break(story: Story, pipeline: SteadyPipeline, fault: Fault, expected: Expected) -> None:
    case = story.case
    with SymptomWatch(pipeline.cluster, case.symptoms) as watch:
        try:
            pipeline.say(f"  breaking: {fault.summary}")
            with injected(pipeline.api, pipeline.journal, fault) as entry:
                story.marks["injected"] = entry.injected_at
                story.marks["landed"] = landed(pipeline.api, fault)
                pipeline.say(f"  landed after {story.marks['landed'] - entry.injected_at:.1f} s")
                if case.heals is Heals.BY_ITSELF:
                    story.recovery = _await_recovery(story, story.marks["landed"], expected)
                else:
                    _await_symptoms(story, watch)
                evidence.gather_logs(story, pipeline, "while it lasted")
            story.marks["healed"] = time.time()
            if case.heals is Heals.BY_UNDO:
                story.recovery = _await_recovery(story, story.marks["healed"], expected)
        finally:
            story.seen, story.unseen = sorted(watch.seen.values(), key=lambda one: one.at), watch.missing


def _await_symptoms(story: Story, watch: SymptomWatch) -> None:
    """Until every expected check has seen it and it has lasted long enough; what stays green is judged later."""
    until = story.marks["landed"] + story.case.hold
    with suppress(WaitExpired):
        wait_until(
            lambda: not watch.missing and time.time() >= until,
            within=SYMPTOMS_WITHIN + story.case.hold,
            what="the checks to see it",
            every=0.1,
        )


def _await_recovery(story: Story, start: float, expected: Expected) -> Recovery:
    """Until recovered and drained; the last measurement if that takes far longer than it may."""

    def done() -> bool:
        now = measure(story.samples, start, expected)
        return now.recovered is not None and now.drained is not None

    with suppress(WaitExpired):
        wait_until(done, within=2 * story.case.within + LATE, what=f"{expected.component} to recover", every=0.3)
    recovery = measure(story.samples, start, expected)
    story.marks |= {
        name: start + moment.after
        for name, moment in (
            ("ready", recovery.ready),
            ("flowing", recovery.flowing),
            ("recovered", recovery.recovered),
            ("drained", recovery.drained),
        )
        if moment
    }
    return recovery


def told(story: Story) -> str:
    """The story in one line, for the terminal."""
    if story.recovery is None:
        return f"{story.case.id}: not measured"
    figures = ", ".join(f"{name} {value:g}" for name, value in story.figures().items())
    return f"{story.case.id}: limit {story.case.within:g} s; {figures}"
