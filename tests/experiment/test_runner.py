"""The engine: its phases in their order, the undo and what is kept whatever ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from pipeline_services import faults
from pipeline_services.experiment.result import Gate, Healed, Injected, Landed, Result
from pipeline_services.experiment.runner import Observer, Run, play
from pipeline_services.experiment.scenario import Scenario
from pipeline_services.faults import FaultDidNotLand, FaultRemains
from pipeline_services.faults.model import Fault, Proof
from pipeline_services.model.errors import PreconditionNotMet
from tests.experiment.fake_pipeline import DEPLOYMENT, FakePipeline, scaled_to_zero

DOWN = Scenario("kafka-down", scaled_to_zero)
NEVER = Proof("it to be so", lambda: False, within=0.05)
PHASES = ["gate", "measuring", "watching", "observe", "recover", "watched", "reconcile", "measured", "settle"]


class Recorder(Observer):
    """Notes what it is asked for and how many replicas there are then; ``stop`` raises in a phase."""

    def __init__(self, pipeline: FakePipeline, stop: dict[str, BaseException] | None = None) -> None:
        self.pipeline = pipeline
        self.stop = stop or {}
        self.seen: list[tuple[str, int]] = []

    def note(self, phase: str) -> None:
        self.seen.append((phase, self.pipeline.replicas))
        if phase in self.stop:
            raise self.stop[phase]

    def gate(self) -> Gate:
        self.note("gate")
        return Gate(1.0)

    @contextmanager
    def measuring(self, _run: Run) -> Iterator[None]:
        self.note("measuring")
        try:
            yield
        finally:
            self.note("measured")

    @contextmanager
    def watching(self, _run: Run, _fault: Fault) -> Iterator[None]:
        self.note("watching")
        try:
            yield
        finally:
            self.note("watched")

    def observe(self, run: Run, injected: Injected, landed: Landed | None) -> None:
        self.note("observe")
        assert run.result.injected == injected
        assert run.result.landed == landed

    def recover(self, run: Run, healed: Healed) -> None:
        self.note("recover")
        assert run.result.healed == healed

    def reconcile(self, run: Run) -> None:
        self.note("reconcile")

    def settle(self, run: Run) -> None:
        self.note("settle")


@pytest.fixture
def pipeline(tmp_path: Path) -> FakePipeline:
    return FakePipeline(tmp_path)


def played(pipeline: FakePipeline, observer: Observer, scenario: Scenario = DOWN) -> tuple[list[Result], Result | None]:
    """What was kept, and what was returned where nothing was raised."""
    kept: list[Result] = []
    return kept, play(cast("Any", pipeline), scenario, observer, kept.append)


def test_the_phases_come_in_their_order_and_the_fault_is_in_force_in_between(pipeline: FakePipeline) -> None:
    recorder = Recorder(pipeline)
    kept, result = played(pipeline, recorder)
    assert recorder.seen == [(phase, 0 if phase == "observe" else 1) for phase in PHASES]
    assert kept == [result]
    assert result is not None
    assert result.summary == "deployments/kafka scaled to 0"
    assert result.injected is not None
    assert result.landed is not None
    assert result.healed is not None
    assert result.healed.gone_at is not None
    assert result.injected.at <= result.injected.made_at <= result.landed.at <= result.healed.undone_at
    assert pipeline.journal.entries() == []


@pytest.mark.parametrize("phase", PHASES[1:])
@pytest.mark.parametrize(
    "error", [PreconditionNotMet("no"), KeyboardInterrupt("Ctrl-C"), ZeroDivisionError()], ids=repr
)
def test_whatever_ends_it_the_fault_is_undone_and_the_result_is_kept(
    pipeline: FakePipeline, phase: str, error: BaseException
) -> None:
    kept: list[Result] = []
    with pytest.raises(type(error)):
        play(cast("Any", pipeline), DOWN, Recorder(pipeline, {phase: error}), kept.append)
    (result,) = kept
    assert pipeline.replicas == 1
    assert pipeline.journal.entries() == []
    assert (result.injected is not None) == (phase not in ("measuring", "watching"))
    assert (result.healed is not None) == (phase not in ("measuring", "watching", "observe"))


def test_nothing_is_touched_and_nothing_is_kept_without_a_steady_pipeline(pipeline: FakePipeline) -> None:
    kept: list[Result] = []
    with pytest.raises(PreconditionNotMet, match="no"):
        play(cast("Any", pipeline), DOWN, Recorder(pipeline, {"gate": PreconditionNotMet("no")}), kept.append)
    assert kept == []
    assert "annotations" not in pipeline.api.objects[DEPLOYMENT]["metadata"]


def proved(**proofs: Proof) -> Callable[[Any], Fault]:
    return lambda pipeline: scaled_to_zero(pipeline).proved(**proofs)


def test_a_fault_that_does_not_land_is_not_observed(pipeline: FakePipeline) -> None:
    recorder, kept = Recorder(pipeline), list[Result]()
    with pytest.raises(FaultDidNotLand):
        play(cast("Any", pipeline), replace(DOWN, fault=proved(landed=NEVER)), recorder, kept.append)
    assert "observe" not in dict(recorder.seen)
    assert kept[0].injected is not None
    assert kept[0].landed is None
    assert pipeline.replicas == 1


def test_a_fault_that_heals_within_seconds_is_observed_before_it_has_landed(pipeline: FakePipeline) -> None:
    quick = replace(DOWN, fault=proved(landed=NEVER), before_landed=True)
    _, result = played(pipeline, Recorder(pipeline), quick)
    assert result is not None
    assert result.landed is None


def test_a_fault_that_remains_is_reported_and_has_no_end(pipeline: FakePipeline) -> None:
    kept: list[Result] = []
    with pytest.raises(FaultRemains, match="not gone"):
        play(cast("Any", pipeline), replace(DOWN, fault=proved(gone=NEVER)), Recorder(pipeline), kept.append)
    assert kept[0].healed is not None
    assert kept[0].healed.gone_at is None
    assert kept[0].took_s == 0.0


def test_what_is_arranged_and_done_meanwhile_is_over_after_the_fault(pipeline: FakePipeline) -> None:
    seen: list[str] = []

    @contextmanager
    def meanwhile(_pipeline: Any) -> Iterator[None]:
        seen.append("begun")
        yield
        seen.append(f"ended at {pipeline.replicas}")

    def arranged(pipeline: Any) -> Fault:
        seen.append("arranged")
        return faults.patched(pipeline.api, DEPLOYMENT, {"spec": {"paused": True}}, "paused")

    played(pipeline, Recorder(pipeline), replace(DOWN, arranged=arranged, meanwhile=meanwhile))
    assert seen == ["arranged", "begun", "ended at 1"]
    assert "paused" not in pipeline.api.objects[DEPLOYMENT]["spec"]
