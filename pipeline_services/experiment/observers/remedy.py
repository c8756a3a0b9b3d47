"""Looks until a scenario is diagnosed, types all that one of its causes says, and waits until the cause is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from pipeline_services.experiment import score, steps
from pipeline_services.experiment.observers.diagnosis import DiagnosisObserver, Looks
from pipeline_services.experiment.result import Healed
from pipeline_services.experiment.runner import Run
from pipeline_services.experiment.steps import Typed
from pipeline_services.model.commands import changes
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.waiting import WaitExpired, wait_until
from pipeline_services.triage.model import Finding

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline
    from pipeline_services.experiment.scenario import Scenario

GONE_TIMEOUT_S: Final = 180.0
"""From the last command until the cause is gone: a rollout of Kafka takes most of a minute."""
SETTLED_TIMEOUT_S: Final = 15.0
"""From the undo until what is said then lasts."""
LOOK_INTERVAL_S: Final = 2.0
TypeOne = Callable[[str], Typed]
"""Types one command and says what came of it."""


class RemedyObserver(DiagnosisObserver):
    """Observes one scenario for one of its causes.

    Attributes:
        typed: what was typed for the cause, in its order; nothing where the diagnosis was not right.
        unmended: why the cause stays, in a line; empty once it is gone.
    """

    def __init__(
        self, pipeline: SteadyPipeline, scenario: Scenario, looks: Looks, cause: str, type_one: TypeOne
    ) -> None:
        super().__init__(pipeline, scenario, looks)
        self._cause = cause
        self._type_one = type_one
        self.typed: list[Typed] = []
        self.unmended = f"{scenario.id} was not named rightly, so nothing was typed"

    def act(self, run: Run) -> None:
        """Type the commands that read, then the cause's own one after the other, and wait until nothing that lasts is
        said of its components."""
        super().act(run)
        told = self._told(run)
        if told is None:
            self.unmended = f"{self._scenario.id} was played, and nothing said {self._cause}"
            return
        for command in steps.to_type(told.next):
            self.typed.append(self._type_one(command))
            if self.typed[-1].flaw and changes(command):
                self.unmended = str(self.typed[-1])
                return
        self.unmended = self._what_stays()

    def recover(self, _run: Run, _healed: Healed) -> None:
        """Where a remedy made pods load what the undo took back, make them load it again, as the finding says."""
        if self.typed:
            for finding in self._lasting(SETTLED_TIMEOUT_S):
                for command in filter(steps.restarts, finding.next):
                    self._type_one(command)

    def _what_stays(self) -> str:
        left = self._lasting(GONE_TIMEOUT_S)
        typed, said = "; ".join(map(str, self.typed)), [score.describe(one) for one in left]
        return f"typed: {typed}. After {GONE_TIMEOUT_S:g} s there is still: {said}" if left else ""

    def _lasting(self, within: float) -> list[Finding]:
        """What is said of the scenario's components for so many seconds, but for what heals by itself."""
        left: list[Finding] = []

        def gone() -> bool:
            left[:] = filter(self._of, self._looks.diagnose(self._looks.look()).findings)
            return not left

        what = f"{self._cause} to be gone"
        try:
            wait_until(gone, within=within, what=what, every=LOOK_INTERVAL_S, retry_on=(PipelineError,))
        except WaitExpired:
            return left
        return []

    def _told(self, run: Run) -> Finding | None:
        diagnosis = run.result.observed.diagnosis
        found = [one for one in diagnosis.findings if one.cause.id == self._cause] if diagnosis else []
        return found[0] if found else None

    def _of(self, finding: Finding) -> bool:
        return finding.component in self._scenario.components and not finding.self_healing
