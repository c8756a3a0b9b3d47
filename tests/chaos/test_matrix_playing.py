"""The player of the matrix: what it keeps of each scenario, and what it says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chaos.matrix import recordings
from chaos.matrix.playing import Player
from pipeline_services.experiment.observers import diagnosis
from pipeline_services.experiment.scenario import finding
from pipeline_services.experiment.steps import Typed
from pipeline_services.faults import FaultDidNotLand
from pipeline_services.faults.model import Proof
from pipeline_services.reporting.runbook import proved
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.model import Diagnosis, Finding
from pipeline_services.triage.subjects import CAUSES
from tests.experiment.fake_pipeline import FakePipeline, scaled_to_zero
from tests.experiment.observers.test_diagnosis import DOWN, diagnose


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePipeline:
    monkeypatch.setattr(diagnosis, "LOOK_INTERVAL_S", 0.01)
    monkeypatch.setattr(diagnosis, "SECOND_LOOK_TIMEOUT_S", 0.1)
    monkeypatch.setattr(diagnosis, "GATE_TIMEOUT_S", 0.1)
    return FakePipeline(tmp_path)


def player(pipeline: FakePipeline, tmp_path: Path, planned: int = 1) -> Player:
    return Player(cast("Any", pipeline), pipeline.look, diagnose, tmp_path, lambda _commands: (), planned)


def test_the_snapshot_and_what_was_said_of_it_are_kept(pipeline: FakePipeline, tmp_path: Path) -> None:
    player(pipeline, tmp_path).play(DOWN)
    kept = recordings.read(tmp_path / "snapshots" / "kafka-down.json.gz")
    assert kept.answers["deployments"][0]["spec"]["replicas"] == 0
    said = json.loads((tmp_path / "rows" / "kafka-down.json").read_text())
    assert said["verdict"]["as_expected"]
    assert said["red"] == {"test_pods_ready[kafka]": "no pod"}
    assert (said["row"], said["fault"]) == ("kafka-down", "deployments/kafka scaled to 0")
    assert pipeline.lines[-1].startswith("1/1 kafka-down: ")


def test_what_is_diagnosed_shows_nothing_of_the_faults_marks(pipeline: FakePipeline, tmp_path: Path) -> None:
    player(pipeline, tmp_path).play(DOWN)
    kept = recordings.read(tmp_path / "snapshots" / "kafka-down.json.gz")
    assert kept.answers["deployments"][0]["metadata"] == {"name": "kafka", "annotations": {}}


def test_a_wrong_diagnosis_is_said_with_what_is_wrong(pipeline: FakePipeline, tmp_path: Path) -> None:
    blind = replace(player(pipeline, tmp_path), diagnose=lambda _snapshot: Diagnosis(0.0, "kind", "ns"))
    blind.play(replace(DOWN, deadline_s=0.1))
    assert pipeline.lines[-1].startswith("1/1 kafka-down: not detected, ")


def test_a_scenario_that_ended_early_is_kept_and_proves_nothing(pipeline: FakePipeline, tmp_path: Path) -> None:
    never = Proof("it to be so", lambda: False, within=0.05)
    missing = replace(DOWN, fault=lambda found: scaled_to_zero(found).proved(landed=never))
    played = player(pipeline, tmp_path)
    with pytest.raises(FaultDidNotLand):
        played.play(missing)
    assert json.loads((tmp_path / "rows" / "kafka-down.json").read_text())["verdict"] is None
    assert played.results == []
    assert proved.seen_in_matrix(tmp_path / "rows") == {}


def test_the_line_of_a_scenario_says_how_long_the_rest_takes(pipeline: FakePipeline, tmp_path: Path) -> None:
    several = player(pipeline, tmp_path, planned=3)
    several.play(DOWN)
    several.play(DOWN)
    assert pipeline.lines[-1].startswith("2/3 ")
    assert pipeline.lines[-1].endswith("about 0 min left")


def test_the_remedy_is_typed_where_it_is_wanted_and_there_is_one(pipeline: FakePipeline, tmp_path: Path) -> None:
    typed: list[str] = []

    def mend(command: str) -> Typed:
        typed.append(command)
        return Typed(command, "it ends with 1")

    wanted = replace(player(pipeline, tmp_path), mend=mend)
    wanted.play(DOWN)
    assert (typed, wanted.unmended) == ([], {})
    wanted.play(replace(DOWN, id="loki-scaled-to-zero"))
    assert typed == ["kubectl get pods", "kubectl scale x"]
    assert wanted.unmended == {"loki-scaled-to-zero": "kubectl scale x: it ends with 1"}
    assert ", remedy: kubectl scale x: it ends with 1 |" in pipeline.lines[-1]


def found(component: str, cause: str, summary: str, *, healing: bool = False) -> Finding:
    return Finding(CAUSES[cause], component, summary, self_healing=healing)


LOOSE = found("network", "policy-too-loose", "grafana is let through to kafka")


def saying(pipeline: FakePipeline, tmp_path: Path, *more: Finding) -> tuple[Player, list[Finding]]:
    """A player whose pipeline is diagnosed as ever before the fault, and with ``more`` beside while it lasts."""
    beside: list[Finding] = []

    def always(snapshot: Snapshot) -> Diagnosis:
        seen = diagnose(snapshot)
        return replace(seen, findings=(LOOSE, *seen.findings, *(beside if seen.findings else ())))

    played = replace(player(pipeline, tmp_path), diagnose=always)
    beside += more
    return played, beside


def test_what_stands_before_any_fault_is_said_and_counts_for_none(pipeline: FakePipeline, tmp_path: Path) -> None:
    played, _ = saying(pipeline, tmp_path)
    played.note_standing()
    assert pipeline.lines == [
        "stands before any fault, and counts for none: network: policy-too-loose (L3): grafana is let through to kafka"
    ]
    assert played.play(DOWN).verdict.as_expected


def test_without_a_look_before_it_is_a_false_alarm(pipeline: FakePipeline, tmp_path: Path) -> None:
    played, _ = saying(pipeline, tmp_path)
    verdict = played.play(replace(DOWN, deadline_s=0.1)).verdict
    assert verdict.alarms == ("network: policy-too-loose (L3)",)


def test_what_comes_with_the_fault_is_an_alarm_beside_what_stood(pipeline: FakePipeline, tmp_path: Path) -> None:
    played, _ = saying(pipeline, tmp_path, found("loki", "logs-not-shipped", "no logs"))
    played.note_standing()
    verdict = played.play(replace(DOWN, deadline_s=0.1)).verdict
    assert verdict.alarms == ("loki: logs-not-shipped (L2)",)


def test_a_row_that_expects_what_stood_wants_something_new_of_it(pipeline: FakePipeline, tmp_path: Path) -> None:
    wanted = finding("network", "policy-too-loose")
    row = replace(DOWN, findings=(*DOWN.findings, wanted), deadline_s=0.1)
    played, beside = saying(pipeline, tmp_path)
    played.note_standing()
    assert played.play(row).verdict.wrong == ["wrong component", "wrong cause", "wrong level"]
    beside.append(replace(LOOSE, summary="everybody is let through to everybody"))
    assert played.play(row).verdict.as_expected


def test_what_is_left_behind_is_told_once_the_pipeline_is_steady(tmp_path: Path) -> None:
    asked: list[float] = []
    now = {"services/kafka": {"spec.type": '"ClusterIP"'}}
    pipeline: Any = SimpleNamespace(look=None, require_steady=asked.append, inventory=lambda: now)
    steady = replace(player(pipeline, tmp_path), before=now)
    assert (steady.left(), asked) == ([], [diagnosis.GATE_TIMEOUT_S])
    assert replace(steady, before={}).left() == ["services/kafka is new"]
    other = replace(steady, before={"services/kafka": {"spec.type": '"NodePort"'}})
    assert other.left() == ['services/kafka: spec.type was "NodePort" and is "ClusterIP"']
    mended: Any = object()
    assert replace(other, mend=mended).left() == []
    assert replace(steady, before={}, mend=mended).left() == ["services/kafka is new"]
