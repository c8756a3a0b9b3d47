"""Plays a scenario until it is diagnosed: looks until checks and triage are right, or the deadline is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from pipeline_services.experiment import score, steps
from pipeline_services.experiment.pipeline import SteadyPipeline, not_steady
from pipeline_services.experiment.result import Gate, Injected, Landed, Observed
from pipeline_services.experiment.runner import Observer, Run
from pipeline_services.experiment.scenario import Scenario
from pipeline_services.experiment.steps import Type
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.waiting import WaitExpired, wait_until
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.model import Diagnosis

GATE_TIMEOUT_S: Final = 150.0
"""For the pipeline to get over the scenario before."""
LOOK_INTERVAL_S: Final = 0.5
GATE_INTERVAL_S: Final = 1.0
SECOND_LOOK_TIMEOUT_S: Final = 20.0
"""For a diagnosis to be right again once the minimal duration is over."""
Look = Callable[[], Snapshot]
Diagnose = Callable[[Snapshot], Diagnosis]


@dataclass(frozen=True, slots=True)
class Looks:
    """How an operator looks: takes the snapshot that triage wants, has it diagnosed, types what triage says."""

    look: Look
    diagnose: Diagnose
    type: Type


class DiagnosisObserver(Observer):
    """Observes one scenario."""

    def __init__(self, pipeline: SteadyPipeline, scenario: Scenario, looks: Looks) -> None:
        self._pipeline = pipeline
        self._scenario = scenario
        self._looks = looks

    def gate(self) -> Gate:
        """Wait until no finding is left of the scenario before; what stays for too long is let pass and reported.

        Raises:
            PreconditionNotMet: the readings do not flow.
        """
        began, held_by = time.time(), tuple[str, ...]()

        def healthy() -> bool:
            nonlocal held_by
            deviation = self._pipeline.deviation()
            if deviation:
                held_by = (deviation,)
                return False
            findings = self._looks.diagnose(self._looks.look()).findings
            left = tuple(score.describe(one) for one in findings if not one.self_healing)
            held_by = left or held_by
            return not left

        try:
            wait_until(
                healthy,
                within=GATE_TIMEOUT_S,
                what="a healthy pipeline",
                every=GATE_INTERVAL_S,
                retry_on=(PipelineError,),
            )
        except WaitExpired as error:
            deviation = self._pipeline.deviation()
            if deviation:
                raise not_steady(deviation) from error
            self._pipeline.say(f"  findings from before that stay: {'; '.join(held_by)}")
            return Gate(time.time(), time.time() - began, held_by, let_pass=held_by)
        return Gate(time.time(), time.time() - began, held_by)

    def observe(self, run: Run, injected: Injected, _landed: Landed | None) -> None:
        """Look until all is as expected, and after the minimal duration look again. The last look counts."""
        first, since = None, injected.at
        for earliest in dict.fromkeys((0.0, self._scenario.min_duration_s)):
            latest = max(self._scenario.deadline_s, earliest + SECOND_LOOK_TIMEOUT_S)
            self._look_until_right(run, since + earliest, since + latest)
            observed = run.result.observed
            if observed.verdict is None or not observed.verdict.as_expected:
                return
            first = first or time.time() - since
            run.result = replace(run.result, observed=replace(observed, verdict=score.timed(observed.verdict, first)))
        self.act(run)

    def act(self, run: Run) -> None:
        """Type what it says, now that it is right. A command that ends with an error, or shows nothing, while its fault
        lasts is of no use to anybody."""
        observed = run.result.observed
        if observed.diagnosis is None or observed.verdict is None:
            return
        typed = self._looks.type(steps.reading(observed.diagnosis, self._scenario.components))
        verdict = replace(observed.verdict, useless=tuple(str(one) for one in typed if one.flaw))
        run.result = replace(run.result, observed=replace(observed, verdict=verdict, typed=typed))

    def _look_until_right(self, run: Run, start: float, end: float) -> None:
        """A look that fails is taken again. Raises WaitExpired where no look came about in time."""

        def right() -> bool:
            if time.time() < start:
                return False
            snapshot = self._looks.look()
            diagnosis = self._looks.diagnose(snapshot)
            verdict = score.judge(self._scenario, diagnosis)
            run.result = replace(run.result, observed=Observed((), (), snapshot, diagnosis, verdict))
            return verdict.as_expected

        what, within = f"a right diagnosis of {self._scenario.id}", max(0.0, end - time.time())
        try:
            wait_until(right, within=within, what=what, every=LOOK_INTERVAL_S, retry_on=(PipelineError,))
        except WaitExpired:
            if run.result.observed.verdict is None:
                raise
