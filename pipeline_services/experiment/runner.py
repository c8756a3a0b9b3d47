"""Plays a case on a steady pipeline, from steady state to steady state, and writes down what came of it."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from typing import Final

from pipeline_services.audit.audit import Audit
from pipeline_services.audit.producer import AuditProducer
from pipeline_services.experiment import evidence
from pipeline_services.experiment.leftovers import differences
from pipeline_services.experiment.persistence_reader import read_kept
from pipeline_services.experiment.pipeline import SteadyPipeline
from pipeline_services.experiment.scenario import Case, Heals, Story
from pipeline_services.experiment.symptoms import SymptomWatch
from pipeline_services.faults.injection import gone, injected, landed
from pipeline_services.faults.model import Fault
from pipeline_services.measure import datasource_sampler
from pipeline_services.measure.datasource import turns
from pipeline_services.measure.recovery import Expected, Recovery, measure
from pipeline_services.measure.rejoin import rejoined
from pipeline_services.measure.rounds import Rounds
from pipeline_services.measure.sampler import Watch
from pipeline_services.measure.samples import newest_of
from pipeline_services.model import roles
from pipeline_services.model.waiting import WaitExpired, wait_until

BEFORE: Final = 3.0
"""Seconds of steady flow at the start of each time line."""
LATE: Final = 60.0
"""Seconds past the limit for which a recovery is still waited for, so that a late one is told with its time."""
SETTLE_WITHIN: Final = 60.0
SNAPSHOT_LOOKS: Final = 0.1


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
    if case.in_place:
        pipeline.renew(case.component)
    story.marks["begin"] = time.time()
    before = pipeline.inventory()
    with ExitStack() as looks:
        source = None
        if case.component == roles.INFLUXDB:
            grafana = pipeline.pods_of(roles.GRAFANA)[0].name
            source = looks.enter_context(datasource_sampler.opened(pipeline.cluster, pipeline.description, grafana))
        watch = looks.enter_context(Watch(pipeline.probes, source))
        producer = AuditProducer(pipeline.probes.kafka_forward.port, pipeline.description.topics.readings, case.rate)
        audit = looks.enter_context(Audit(pipeline.probes, producer))
        story.samples = watch.samples
        _await_flow(watch)
        fault = case.fault(pipeline)
        expected = _expected(pipeline, case, fault)
        story.summary = fault.summary
        kept = (
            read_kept(pipeline, case.component, story.marks["begin"])
            if pipeline.description[case.component].volume
            else None
        )
        try:
            _break(story, pipeline, fault, expected)
            story.reckoning = audit.reckon()
            if kept is not None:
                story.kept = kept, read_kept(pipeline, case.component, story.marks["begin"])
            _read_clocks(story, pipeline, fault)
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
    with SymptomWatch(pipeline.cluster, case.symptoms) as watch, _worst(story, pipeline, watch):
        try:
            pipeline.say(f"  breaking: {fault.summary}")
            with injected(pipeline.api, pipeline.journal, fault) as entry:
                story.marks |= {"injected": entry.injected_at, "made": time.time()}
                story.marks["landed"] = landed(pipeline.api, fault)
                pipeline.say(f"  landed after {story.marks['landed'] - entry.injected_at:.1f} s")
                if case.heals is Heals.BY_ITSELF:
                    story.recovery = _await_recovery(story, story.marks["landed"], expected)
                else:
                    _await_symptoms(story, watch)
                    evidence.take_snapshot(story, pipeline)
                evidence.gather_logs(story, pipeline, "while it lasted")
            story.marks["healed"] = time.time()
            gone(fault)
            story.marks["gone"] = time.time()
            if case.heals is Heals.BY_UNDO:
                story.recovery = _await_recovery(story, story.marks["healed"], expected)
        finally:
            story.seen, story.unseen = sorted(watch.seen.values(), key=lambda one: one.at), watch.unseen()


def _worst(story: Story, pipeline: SteadyPipeline, watch: SymptomWatch) -> Rounds:
    """Takes the snapshot of a fault that heals by itself as soon as every check has seen it, if triage is to be asked:
    for nothing else is a recovery held up, which shares its two cores with the looks at everything.
    """
    rounds = Rounds()
    if story.case.heals is Heals.BY_ITSELF and story.case.diagnosis is not None:

        def once_seen() -> None:
            if "landed" in story.marks and not watch.missing and story.snapshot is None:
                evidence.take_snapshot(story, pipeline)

        rounds.add("snapshot", once_seen, SNAPSHOT_LOOKS)
    return rounds


def _read_clocks(story: Story, pipeline: SteadyPipeline, fault: Fault) -> None:
    """What is timed beside the recovery: the group's, after a new start of the processor, and the data source's."""
    if story.case.component == roles.PROCESSOR and fault.pods:
        started = max(pipeline.processes_in(pod.name).started() for pod in pipeline.pods_of(roles.PROCESSOR))
        partitions = pipeline.description.topics.partitions
        injected_at = story.marks["injected"]
        story.rejoined = rejoined(story.samples.lag, injected_at, started, len(fault.pods), partitions=partitions)
    if story.samples.source:
        story.turns = turns(story.samples.source, story.marks["made"])


def _await_symptoms(story: Story, watch: SymptomWatch) -> None:
    """Until every expected check has seen it and it has lasted long enough; what stays green is judged later."""
    until = story.marks["landed"] + story.case.hold
    with suppress(WaitExpired):
        wait_until(
            lambda: not watch.missing and time.time() >= until,
            within=story.case.patience + story.case.hold,
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
