"""A cause's commands are typed in their order, and the scenario ends once the cause is gone."""

from __future__ import annotations

from typing import Any, cast

import pytest

from pipeline_services.experiment.observers import remedy
from pipeline_services.experiment.observers.diagnosis import Looks
from pipeline_services.experiment.observers.remedy import RemedyObserver
from pipeline_services.experiment.result import Healed
from pipeline_services.experiment.runner import play
from pipeline_services.experiment.steps import Typed
from pipeline_services.triage.model import Diagnosis, Finding
from pipeline_services.triage.subjects import CAUSES
from tests.experiment.fake_pipeline import DEPLOYMENT, FakePipeline
from tests.experiment.observers.test_diagnosis import DOWN, diagnose, pipeline

__all__ = ["pipeline"]


class Operator:
    """Types; what scales does so where ``works``, and is refused where it has an answer."""

    def __init__(self, pipeline: FakePipeline, *, works: bool = True, answer: str = "") -> None:
        self.pipeline, self.works, self.answer = pipeline, works, answer
        self.typed: list[str] = []

    def type(self, command: str) -> Typed:
        self.typed.append(command)
        if " scale " in command and self.works:
            self.pipeline.api.objects[DEPLOYMENT]["spec"]["replicas"] = 1
        return Typed(command, self.answer)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remedy, "GONE_TIMEOUT_S", 0.2)
    monkeypatch.setattr(remedy, "LOOK_INTERVAL_S", 0.01)


def mended(found: FakePipeline, operator: Operator, cause: str = "scaled-to-zero") -> RemedyObserver:
    looks = Looks(found.look, diagnose, lambda _commands: ())
    observer = RemedyObserver(cast("Any", found), DOWN, looks, cause, operator.type)
    play(cast("Any", found), DOWN, observer, lambda _result: None)
    return observer


def test_all_commands_are_typed_in_their_order(pipeline: FakePipeline) -> None:
    observer = mended(pipeline, Operator(pipeline))
    assert [one.command for one in observer.typed] == ["kubectl get pods", "kubectl scale x"]
    assert observer.unmended == ""


def test_a_cause_that_stays_is_said_and_the_fault_is_undone(pipeline: FakePipeline) -> None:
    unmended = mended(pipeline, Operator(pipeline, works=False)).unmended
    assert "kubectl scale x. After 0.2 s there is still: ['kafka: scaled-to-zero" in unmended
    assert pipeline.replicas == 1


def test_a_command_that_is_refused_is_said(pipeline: FakePipeline) -> None:
    assert mended(pipeline, Operator(pipeline, answer="it ends with 1")).unmended == "kubectl scale x: it ends with 1"


def test_another_cause_than_the_one_that_is_tried_is_no_success(pipeline: FakePipeline) -> None:
    unmended = mended(pipeline, Operator(pipeline), "node-cordoned").unmended
    assert unmended == "kafka-down was played, and nothing said node-cordoned"


@pytest.mark.parametrize(("typed", "expected"), [(True, ["kubectl delete pod kafka-0"]), (False, [])])
def test_pods_load_again_what_the_undo_took_back(
    pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, typed: bool, expected: list[str]
) -> None:
    monkeypatch.setattr(remedy, "SETTLED_TIMEOUT_S", 0.05)
    said = Finding(
        CAUSES["certificate-not-loaded"], "kafka", "x", next=("kubectl delete pod kafka-0", "kubectl rollout undo x")
    )
    operator = Operator(pipeline)
    looks = Looks(pipeline.look, lambda _snapshot: Diagnosis(0.0, "kind", "ns", (said,)), lambda _commands: ())
    observer = RemedyObserver(cast("Any", pipeline), DOWN, looks, "scaled-to-zero", operator.type)
    observer.typed = [Typed("kubectl scale x")] if typed else []
    observer.recover(cast("Any", None), Healed(0.0))
    assert operator.typed == expected


def test_what_is_never_named_is_no_success() -> None:
    observer = RemedyObserver(cast("Any", None), DOWN, cast("Any", None), "scaled-to-zero", cast("Any", None))
    assert observer.unmended == "kafka-down was not named rightly, so nothing was typed"
