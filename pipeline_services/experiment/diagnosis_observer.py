"""Plays a scenario until it is diagnosed: looks until checks and triage are right, or the deadline is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from pipeline_services.experiment import score
from pipeline_services.experiment.pipeline import SteadyPipeline
from pipeline_services.experiment.result import Gate, Injected, Landed, Observed
from pipeline_services.experiment.runner import Observer, Run
from pipeline_services.experiment.scenario import Scenario
from pipeline_services.model.errors import PipelineError, PreconditionNotMet
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


class DiagnosisObserver(Observer):
    """Observes one scenario.

    Args:
        look: takes the snapshot that triage wants.
    """

    def __init__(self, pipeline: SteadyPipeline, scenario: Scenario, look: Look, diagnose: Diagnose) -> None:
        self._pipeline = pipeline
        self._scenario = scenario
        self._look = look
        self._diagnose = diagnose

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
            findings = self._diagnose(self._look()).findings
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
                raise PreconditionNotMet(f"the pipeline is not steady: {deviation}") from error
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

    def _look_until_right(self, run: Run, start: float, end: float) -> None:
        """A look that fails is taken again.

        Raises:
            WaitExpired: no look came about in time.
        """

        def right() -> bool:
            if time.time() < start:
                return False
            snapshot = self._look()
            diagnosis = self._diagnose(snapshot)
            verdict = score.judge(self._scenario, diagnosis)
            run.result = replace(run.result, observed=Observed((), (), snapshot, diagnosis, verdict))
            return verdict.as_expected

        what, within = f"a right diagnosis of {self._scenario.id}", max(0.0, end - time.time())
        try:
            wait_until(right, within=within, what=what, every=LOOK_INTERVAL_S, retry_on=(PipelineError,))
        except WaitExpired:
            if run.result.observed.verdict is None:
                raise
