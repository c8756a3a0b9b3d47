"""A scenario is played until it is diagnosed: the last look counts and is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from pipeline_services.checklist import checks
from pipeline_services.experiment.observers import diagnosis
from pipeline_services.experiment.observers.diagnosis import Diagnose, DiagnosisObserver, Look, Looks
from pipeline_services.experiment.result import Result
from pipeline_services.experiment.runner import play
from pipeline_services.experiment.scenario import Scenario, finding
from pipeline_services.experiment.steps import Typed
from pipeline_services.model.errors import PreconditionNotMet, ServiceUnreachable
from pipeline_services.model.waiting import WaitExpired
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.model import Diagnosis, Finding
from pipeline_services.triage.subjects import CAUSES
from tests.experiment.fake_pipeline import DEPLOYMENT, FakePipeline, scaled_to_zero

DOWN = Scenario(
    "kafka-down",
    scaled_to_zero,
    (finding("kafka", "scaled-to-zero"),),
    (checks.PODS_READY.of("kafka"),),
    deadline_s=0.3,
)


def diagnose(snapshot: Snapshot) -> Diagnosis:
    """Kafka is scaled to 0 where that is so."""
    (workload,) = snapshot.answers["deployments"]
    down = workload["spec"]["replicas"] == 0
    found = (
        (Finding(CAUSES["scaled-to-zero"], "kafka", "no replicas", next=("kubectl get pods", "kubectl scale x")),)
        if down
        else ()
    )
    return Diagnosis(0.0, "kind", "ns", found, {"test_pods_ready[kafka]": "no pod"} if down else {})


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePipeline:
    quick = {"GATE_TIMEOUT_S": 0.3, "LOOK_INTERVAL_S": 0.01, "GATE_INTERVAL_S": 0.01, "SECOND_LOOK_TIMEOUT_S": 0.3}
    for name, value in quick.items():
        monkeypatch.setattr(diagnosis, name, value)
    return FakePipeline(tmp_path)


def played(
    pipeline: FakePipeline,
    judge: Diagnose = diagnose,
    scenario: Scenario = DOWN,
    look: Look | None = None,
    answer: str = "",
) -> Result:
    looks = Looks(look or pipeline.look, judge, lambda commands: tuple(Typed(one, answer) for one in commands))
    observer = DiagnosisObserver(cast("Any", pipeline), scenario, looks)
    return play(cast("Any", pipeline), scenario, observer, lambda _result: None)


def test_it_ends_with_the_first_right_diagnosis(pipeline: FakePipeline) -> None:
    result = played(pipeline)
    assert result.verdict.as_expected
    assert result.verdict.seconds is not None
    assert result.took_s >= result.gate.took_s
    assert pipeline.replicas == 1


def test_what_a_diagnosis_says_to_type_is_typed_while_the_fault_lasts(pipeline: FakePipeline) -> None:
    result = played(pipeline)
    assert [one.command for one in result.observed.typed] == ["kubectl get pods"]
    assert result.verdict.useless == ()


def test_a_command_that_shows_nothing_makes_a_right_diagnosis_wrong(pipeline: FakePipeline) -> None:
    verdict = played(pipeline, answer="it shows nothing").verdict
    assert verdict.wrong == ["useless: kubectl get pods: it shows nothing"]
    assert not verdict.as_expected


def test_a_wrong_diagnosis_is_kept_when_the_time_is_over(pipeline: FakePipeline) -> None:
    result = played(pipeline, lambda _snapshot: Diagnosis(0.0, "kind", "ns"))
    assert result.verdict.wrong == ["not detected", "test_pods_ready[kafka] is not red"]
    assert result.observed.snapshot is not None


def test_a_diagnosis_has_to_be_right_again_after_the_minimal_duration(pipeline: FakePipeline) -> None:
    looks = 0

    def fading(snapshot: Snapshot) -> Diagnosis:
        nonlocal looks
        looks += 1
        return diagnose(snapshot) if looks < 3 else Diagnosis(0.0, "kind", "ns")

    assert not played(pipeline, fading, replace(DOWN, min_duration_s=0.1)).verdict.detected


def test_the_time_to_detect_is_that_of_the_first_right_diagnosis(pipeline: FakePipeline) -> None:
    result = played(pipeline, scenario=replace(DOWN, min_duration_s=0.5))
    assert result.verdict.as_expected
    assert result.verdict.seconds is not None
    assert result.verdict.seconds < 0.5
    assert result.took_s > 0.5


def test_nothing_is_touched_while_the_pipeline_is_not_steady(pipeline: FakePipeline) -> None:
    pipeline.wrong = ["a pod of kafka is not ready"] * 1_000
    with pytest.raises(PreconditionNotMet, match="not steady: a pod of kafka is not ready"):
        played(pipeline)
    assert "annotations" not in pipeline.api.objects[DEPLOYMENT]["metadata"]


def test_what_the_gate_waited_for_is_in_the_result(pipeline: FakePipeline) -> None:
    pipeline.wrong = ["a pod of kafka is not ready"]
    gate = played(pipeline).gate
    assert (gate.held_by, gate.let_pass) == (("a pod of kafka is not ready",), ())


def test_a_finding_that_stays_is_reported_and_does_not_hold_the_matrix_up(pipeline: FakePipeline) -> None:
    def always(snapshot: Snapshot) -> Diagnosis:
        found = diagnose(snapshot)
        return replace(found, findings=(*found.findings, Finding(CAUSES["not-ready"], "loki", "slow")))

    result = played(pipeline, always)
    assert result.gate.let_pass == ("loki: not-ready (L2)",)
    assert pipeline.lines == ["  findings from before that stay: loki: not-ready (L2)"]
    assert result.verdict.alarms == ("loki: not-ready (L2)",)


def test_a_look_that_fails_is_taken_again(pipeline: FakePipeline) -> None:
    looks = 0

    def unsteady() -> Snapshot:
        nonlocal looks
        looks += 1
        if looks % 2:
            raise ServiceUnreachable("the API server is slow")
        return pipeline.look()

    assert played(pipeline, look=unsteady).verdict.as_expected


def test_without_any_look_there_is_no_verdict_and_the_fault_is_undone(pipeline: FakePipeline) -> None:
    looks = 0

    def away() -> Snapshot:
        nonlocal looks
        looks += 1
        if looks > 1:
            raise ServiceUnreachable("the API server is away")
        return pipeline.look()

    with pytest.raises(WaitExpired, match="a right diagnosis of kafka-down"):
        played(pipeline, look=away)
    assert pipeline.replicas == 1
