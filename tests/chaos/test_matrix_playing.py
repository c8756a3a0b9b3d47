"""The player of the matrix: what it keeps of each scenario, and what it says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from chaos.matrix import recordings
from chaos.matrix.playing import Player
from pipeline_services.experiment.observers import diagnosis
from pipeline_services.experiment.steps import Typed
from pipeline_services.faults import FaultDidNotLand
from pipeline_services.faults.model import Proof
from pipeline_services.reporting.runbook import proved
from pipeline_services.triage.model import Diagnosis
from tests.experiment.fake_pipeline import FakePipeline, scaled_to_zero
from tests.experiment.observers.test_diagnosis import DOWN, diagnose


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePipeline:
    monkeypatch.setattr(diagnosis, "LOOK_INTERVAL_S", 0.01)
    monkeypatch.setattr(diagnosis, "SECOND_LOOK_TIMEOUT_S", 0.1)
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
