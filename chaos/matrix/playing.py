"""Plays rows: gate, fault, look and judge until it is as expected or the time is over, undo, and back to well."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chaos.matrix import recordings
from chaos.matrix.rows import Row
from chaos.matrix.score import Verdict, judged, timed, told
from pipeline_services.faults.injection import gone, injected, landed
from pipeline_services.model.errors import PipelineError, PreconditionNotMet
from pipeline_services.model.waiting import WaitExpired, wait_until

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline
    from pipeline_services.faults.model import Fault
    from pipeline_services.snapshot.snapshot import Snapshot
    from pipeline_services.triage.model import Diagnosis

WELL_WITHIN: Final = 150.0
"""Seconds for the pipeline to get over the row before."""
BETWEEN_LOOKS: Final = 0.5
BETWEEN_GATES: Final = 1.0
SECOND_LOOK: Final = 20.0
"""Seconds for a diagnosis to be right again once its fault is ripe."""
Look = Callable[[], "Snapshot"]
Diagnose = Callable[["Snapshot"], "Diagnosis"]


@dataclass(slots=True)
class Played:
    """What came of one row. Seconds: of the gate, and of everything from there to the undo's proof.

    Attributes:
        before: what was let pass at the gate after it had stood too long.
        held: what the gate waited for last.
    """

    row: Row
    summary: str = ""
    verdict: Verdict | None = None
    snapshot: Snapshot | None = None
    diagnosis: Diagnosis | None = None
    gate: float = 0.0
    took: float = 0.0
    before: tuple[str, ...] = ()
    held: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """For machines."""
        return {
            "row": self.row.id,
            "fault": self.summary,
            "verdict": self.verdict.to_dict() if self.verdict else None,
            "diagnosis": self.diagnosis.to_dict() if self.diagnosis else None,
            "red": dict(self.diagnosis.red) if self.diagnosis else {},
            "gate_seconds": round(self.gate, 1),
            "seconds": round(self.took, 1),
            "before": list(self.before),
            "gate_held_by": list(self.held),
        }


@dataclass(slots=True)
class Player:
    """Plays rows on one pipeline.

    Attributes:
        look: takes the snapshot that triage wants.
        folder: where the last snapshot of each row and its verdict go; they are there however the run ends.
        rows: how many there are to play, for the line that says how far it is.
    """

    pipeline: SteadyPipeline
    look: Look
    diagnose: Diagnose
    folder: Path
    rows: int = 0
    played: list[Played] = field(default_factory=list)

    def play(self, row: Row) -> Played:
        """Play one row.

        Raises:
            PreconditionNotMet: the pipeline is not well, so nothing was touched.
            FaultDidNotLand, FaultRemains: nothing can be concluded, or somebody has to look.
        """
        result = Played(row)
        started = time.monotonic()
        self._well(result)
        result.gate = time.monotonic() - started
        faults: list[Fault] = []
        with ExitStack() as in_force:
            if row.before is not None:
                self._arrange(row.before(self.pipeline), in_force, faults)
            if row.meanwhile is not None:
                in_force.enter_context(row.meanwhile(self.pipeline))
            fault = row.build(self.pipeline)
            faults.append(fault)
            result.summary = fault.summary
            since = in_force.enter_context(injected(self.pipeline.api, self.pipeline.journal, fault)).injected_at
            if not row.at_once:
                landed(self.pipeline.api, fault)
            self._watch(result, since)
        for one in reversed(faults):
            gone(one)
        result.took = time.monotonic() - started
        self._keep(result)
        self.played.append(result)
        self._say(result)
        return result

    def _well(self, result: Played) -> None:
        """Wait until nothing is left of the row before; what triage still says after a while is let pass and told.

        Raises:
            PreconditionNotMet: the readings do not flow.
        """

        def well() -> bool:
            deviation = self.pipeline.deviation()
            if deviation:
                result.held = (deviation,)
                return False
            diagnosis = self.diagnose(recordings.unmarked(self.look()))
            left = tuple(told(one) for one in diagnosis.findings if not one.self_healing)
            result.held = left or result.held
            return not left

        try:
            wait_until(
                well, within=WELL_WITHIN, what="a pipeline that is well", every=BETWEEN_GATES, retry_on=(PipelineError,)
            )
        except WaitExpired as error:
            deviation = self.pipeline.deviation()
            if deviation:
                raise PreconditionNotMet(f"the pipeline is not well: {deviation}") from error
            result.before = result.held
            self.pipeline.say(f"  not quite well before it: {'; '.join(result.before)}")

    def _arrange(self, fault: Fault, in_force: ExitStack, faults: list[Fault]) -> None:
        faults.append(fault)
        in_force.enter_context(injected(self.pipeline.api, self.pipeline.journal, fault))
        landed(self.pipeline.api, fault)

    def _watch(self, result: Played, since: float) -> None:
        """Look until it is as expected, and once it is ripe look again. The last look counts and is kept."""
        row, first = result.row, None
        for ripe in dict.fromkeys((0.0, row.ripens)):
            self._until_right(result, since + ripe, since + max(row.settles, ripe + SECOND_LOOK))
            verdict = result.verdict
            if verdict is None or not verdict.as_expected:
                return
            first = first or time.time() - since
            result.verdict = timed(verdict, first)

    def _until_right(self, result: Played, start: float, end: float) -> None:
        def looked() -> bool:
            if time.time() < start:
                return False
            result.snapshot = recordings.unmarked(self.look())
            result.diagnosis = self.diagnose(result.snapshot)
            result.verdict = judged(result.row, result.diagnosis)
            return result.verdict.as_expected

        what, within = f"a right diagnosis of {result.row.id}", max(0.0, end - time.time())
        try:
            wait_until(looked, within=within, what=what, every=BETWEEN_LOOKS, retry_on=(PipelineError,))
        except WaitExpired:
            if result.verdict is None:
                raise

    def _keep(self, result: Played) -> None:
        if result.snapshot is not None:
            recordings.write(result.snapshot, self.folder / "snapshots" / f"{result.row.id}{recordings.SUFFIX}")
        path = self.folder / "rows" / f"{result.row.id}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result.to_dict(), indent=1), encoding="utf-8")

    def _say(self, result: Played) -> None:
        verdict = result.verdict
        assert verdict is not None
        told_of = "; ".join(verdict.said) or "nothing said"
        outcome = f"{verdict.seconds:.0f} s" if verdict.as_expected and verdict.seconds else ", ".join(verdict.wrong)
        done = len(self.played)
        left = sum(one.took for one in self.played) / done * max(0, self.rows - done) / 60
        self.pipeline.say(
            f"{done}/{self.rows} {result.row.id}: {outcome} | {told_of} | gate {result.gate:.0f} s, "
            f"all {result.took:.0f} s; about {left:.0f} min left"
        )
