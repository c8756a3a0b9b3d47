"""The one engine that plays a fault: gate, inject, land, observe, undo, gone. What is observed is the observer's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline_services.experiment.result import Gate, Healed, Injected, Landed, Result
from pipeline_services.faults.injection import gone, injected, landed

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline
    from pipeline_services.experiment.scenario import Scenario
    from pipeline_services.faults.model import Fault

Keep = Callable[[Result], None]


@dataclass(slots=True)
class Run:
    """A scenario while it is played; its result grows by a phase at a time."""

    result: Result


class Observer:
    """What is looked at while a scenario is played; this one looks at nothing, and the methods stand in their order."""

    def gate(self) -> Gate:
        """Wait until the pipeline is fit for the scenario. Raises PreconditionNotMet where it is not."""
        return Gate(time.time())

    @contextmanager
    def measuring(self, _run: Run) -> Iterator[None]:
        """Around all that follows but ``settle``."""
        yield

    @contextmanager
    def watching(self, _run: Run, _fault: Fault) -> Iterator[None]:
        """Around the fault and ``recover``; begins when the fault is known and nothing has been touched."""
        yield

    def observe(self, run: Run, injected: Injected, landed: Landed | None) -> None:
        """While the fault is in force; ``landed`` is None where it is looked at before it has landed."""

    def recover(self, run: Run, healed: Healed) -> None:
        """Once the fault is gone."""

    def reconcile(self, run: Run) -> None:
        """Once nobody watches for symptoms any more."""

    def settle(self, run: Run) -> None:
        """Once nothing is measured any more."""


def play(pipeline: SteadyPipeline, scenario: Scenario, observer: Observer, keep: Keep) -> Result:
    """Play one scenario. The fault is undone, and ``keep`` gets what came of it so far, whatever ends it.

    Raises:
        PreconditionNotMet: the pipeline is not fit for it: nothing was touched, and nothing is kept.
        FaultDidNotLand, FaultRemains: nothing can be concluded, or somebody has to look.
        PipelineError: an undo failed, or something could not be observed to its end.
    """
    run = Run(Result(scenario, observer.gate()))
    try:
        with observer.measuring(run), ExitStack() as watching:
            with ExitStack() as in_force:
                faults = _arranged(pipeline, scenario, in_force)
                fault = scenario.fault(pipeline)
                run.result = replace(run.result, summary=fault.summary)
                watching.enter_context(observer.watching(run, fault))
                observer.observe(run, *_inject(pipeline, fault, run, in_force))
            observer.recover(run, _gone(run, (fault, *faults)))
            watching.close()
            observer.reconcile(run)
        observer.settle(run)
    finally:
        keep(run.result)
    return run.result


def _arranged(pipeline: SteadyPipeline, scenario: Scenario, in_force: ExitStack) -> list[Fault]:
    """Make and start what the scenario wants before its fault; returns what has to be gone after it."""
    faults: list[Fault] = []
    if scenario.arranged is not None:
        faults.append(scenario.arranged(pipeline))
        in_force.enter_context(injected(pipeline.api, pipeline.journal, faults[0]))
        landed(pipeline.api, faults[0])
    if scenario.meanwhile is not None:
        in_force.enter_context(scenario.meanwhile(pipeline))
    return faults


def _inject(pipeline: SteadyPipeline, fault: Fault, run: Run, in_force: ExitStack) -> tuple[Injected, Landed | None]:
    entry = in_force.enter_context(injected(pipeline.api, pipeline.journal, fault))
    made = Injected(entry.injected_at, time.time())
    run.result = replace(run.result, injected=made)
    seen = None if run.result.scenario.before_landed else Landed(landed(pipeline.api, fault))
    run.result = replace(run.result, landed=seen)
    return made, seen


def _gone(run: Run, faults: Sequence[Fault]) -> Healed:
    """Note the undo, wait until none of the faults shows any more, and note that too."""
    undone = Healed(time.time())
    run.result = replace(run.result, healed=undone)
    for fault in faults:
        gone(fault)
    healed = replace(undone, gone_at=time.time())
    run.result = replace(run.result, healed=healed)
    return healed
