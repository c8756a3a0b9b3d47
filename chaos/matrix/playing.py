"""Plays the scenarios of the matrix one after the other, and keeps what was said of each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from chaos.matrix import recordings
from chaos.remedies import REMEDIED
from pipeline_services.experiment.leftovers import Inventory, differences
from pipeline_services.experiment.observers.diagnosis import GATE_TIMEOUT_S, Diagnose, DiagnosisObserver, Look, Looks
from pipeline_services.experiment.observers.remedy import RemedyObserver
from pipeline_services.experiment.runner import play
from pipeline_services.experiment.score import describe
from pipeline_services.model.atomic import write_json

if TYPE_CHECKING:
    from pipeline_services.experiment.observers.remedy import TypeOne
    from pipeline_services.experiment.pipeline import SteadyPipeline
    from pipeline_services.experiment.result import Result
    from pipeline_services.experiment.scenario import Scenario
    from pipeline_services.experiment.steps import Type
    from pipeline_services.snapshot.snapshot import Snapshot
    from pipeline_services.triage.model import Diagnosis, Finding


@dataclass(slots=True)
class Player:
    """Plays scenarios on one pipeline.

    Attributes:
        look: takes the snapshot that triage wants.
        type: types the commands of a right diagnosis while its fault lasts.
        folder: where the last snapshot of each scenario and its verdict go, whatever ends it.
        planned: how many scenarios are to be played, for the line that says how far it is.
        mend: types one command of a remedy; None where no remedy is wanted.
        results: those that were played to their end.
        standing: findings that were there before any fault was made: nobody is to be blamed for them.
        unmended: by the id of the scenario whose remedy was typed, why it did not help; empty where it did.
        before: everything that a fault can change, as it was before the first one.
    """

    pipeline: SteadyPipeline
    look: Look
    diagnose: Diagnose
    folder: Path
    type: Type
    planned: int = 0
    mend: TypeOne | None = None
    results: list[Result] = field(default_factory=list)
    standing: tuple[Finding, ...] = ()
    unmended: dict[str, str] = field(default_factory=dict)
    before: Inventory = field(default_factory=dict)

    def note_standing(self) -> None:
        """Look at the pipeline as it is before the first fault, and say what is wrong with it already.

        Raises:
            PipelineError: it cannot be looked at.
        """
        self.standing = tuple(one for one in self.diagnose(self.look()).findings if not one.self_healing)
        for one in self.standing:
            self.pipeline.say(f"stands before any fault, and counts for none: {describe(one)}: {one.summary}")

    def left(self) -> list[str]:
        """What is other than before the first fault, a line each; after remedies, which may leave an object as good in
        another way, only what is new or gone.

        Raises:
            PipelineError: the pipeline does not become steady, or cannot be looked at.
        """
        self.pipeline.require_steady(GATE_TIMEOUT_S)
        return differences(self._compared(self.before), self._compared(self.pipeline.inventory()))

    def _compared(self, found: Inventory) -> Inventory:
        return found if self.mend is None else {name: {} for name in found}

    def play(self, scenario: Scenario) -> Result:
        """Play one scenario, and type its remedy where remedies are wanted and it has one.

        Raises:
            PreconditionNotMet: the pipeline is not steady, so nothing was touched.
            FaultDidNotLand, FaultRemains: nothing can be concluded, or somebody has to look.
            NoData: it was never diagnosed.
        """
        scenario = scenario.filled(self.pipeline.description)
        looks = Looks(lambda: recordings.unmarked(self.look()), self._news(scenario), self.type)
        cause = REMEDIED.get(scenario.id)
        if self.mend is None or cause is None:
            result = play(self.pipeline, scenario, DiagnosisObserver(self.pipeline, scenario, looks), self._keep)
        else:
            observer = RemedyObserver(self.pipeline, scenario, looks, cause, self.mend)
            result = play(self.pipeline, scenario, observer, self._keep)
            self.unmended[scenario.id] = observer.unmended
        self.results.append(result)
        self._say(result)
        return result

    def _news(self, scenario: Scenario) -> Diagnose:
        """Diagnoses without what stood before; what the scenario expects as well stays where it says something new."""
        before = {describe(one) for one in self.standing}
        said = {one.summary for one in self.standing}

        def stood(one: Finding) -> bool:
            expected = any(want.fits(one) for want in scenario.findings)
            return describe(one) in before and (not expected or one.summary in said)

        def diagnose(snapshot: Snapshot) -> Diagnosis:
            found = self.diagnose(snapshot)
            return replace(found, findings=tuple(one for one in found.findings if not stood(one)))

        return diagnose if self.standing else self.diagnose

    def _keep(self, result: Result) -> None:
        name, snapshot = result.scenario.id, result.observed.snapshot
        if snapshot is not None:
            recordings.write(snapshot, self.folder / "snapshots" / f"{name}{recordings.SUFFIX}")
        write_json(self.folder / "rows" / f"{name}.json", result.to_dict())

    def _say(self, result: Result) -> None:
        verdict = result.verdict
        said = "; ".join(verdict.said) or "nothing said"
        outcome = ", ".join(verdict.wrong) or f"{verdict.seconds or 0:.0f} s"
        remedy = self.unmended.get(result.scenario.id)
        outcome += "" if remedy is None else f", remedy: {remedy or 'helps'}"
        done = len(self.results)
        left = sum(one.took_s for one in self.results) / done * max(0, self.planned - done) / 60
        self.pipeline.say(
            f"{done}/{self.planned} {result.scenario.id}: {outcome} | {said} | gate {result.gate.took_s:.0f} s, "
            f"all {result.took_s:.0f} s; about {left:.0f} min left"
        )
