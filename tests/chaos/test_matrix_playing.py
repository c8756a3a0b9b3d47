"""A row is played from well to well: the last look counts and is kept, whatever is in force is undone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from chaos.matrix import playing, recordings
from chaos.matrix.playing import Player
from chaos.matrix.rows import Row, finding
from pipeline_services import faults
from pipeline_services.checklist import checks
from pipeline_services.faults import FaultRemains
from pipeline_services.faults.injection import IDENTITY
from pipeline_services.faults.journal import Journal
from pipeline_services.faults.model import Fault, Proof
from pipeline_services.model.errors import PreconditionNotMet, ServiceUnreachable
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.causes import CAUSES
from pipeline_services.triage.model import Diagnosis, Finding
from tests.faults.test_library import Server

DEPLOYMENT = "/apis/apps/v1/namespaces/ns/deployments/kafka"


class Pipeline:
    """Stands in for a steady pipeline with one workload; ``wrong`` is what is not steady, a word for each look."""

    namespace = "ns"

    def __init__(self, folder: Path) -> None:
        workload = {"metadata": {}, "spec": {"replicas": 1}}
        self.api = Server(objects={IDENTITY: {"metadata": {"uid": "u"}}, DEPLOYMENT: workload})
        self.journal = Journal(folder / "journal")
        self.wrong: list[str] = []
        self.lines: list[str] = []
        self.say = self.lines.append

    @property
    def replicas(self) -> int:
        return int(self.api.objects[DEPLOYMENT]["spec"]["replicas"])

    def deviation(self) -> str:
        return self.wrong.pop(0) if self.wrong else ""

    def look(self) -> Snapshot:
        return Snapshot(0.0, "kind", "ns", {"deployments": [self.api.objects[DEPLOYMENT]]})


def scaled(pipeline: Any) -> Fault:
    """Landed at once: no controller says how many there are."""
    return replace(faults.scaled(pipeline.api, "deployments", "kafka", "ns", 0), landed=None, gone=None)


def diagnose(snapshot: Snapshot) -> Diagnosis:
    """Kafka is scaled to 0 where that is so."""
    (workload,) = snapshot.answers["deployments"]
    down = workload["spec"]["replicas"] == 0
    found = (Finding(CAUSES["scaled-to-zero"], "kafka", "no replicas"),) if down else ()
    return Diagnosis(0.0, "kind", "ns", found, {"test_pods_ready[kafka]": "no pod"} if down else {})


ROW = Row("kafka-down", scaled, (finding("kafka", "scaled-to-zero"),), (checks.PODS_READY.of("kafka"),), settles=0.3)


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    for name, value in (("WELL_WITHIN", 0.3), ("BETWEEN_LOOKS", 0.01), ("BETWEEN_GATES", 0.01), ("SECOND_LOOK", 0.3)):
        monkeypatch.setattr(playing, name, value)
    return Pipeline(tmp_path)


def player(pipeline: Pipeline, tmp_path: Path, judge: playing.Diagnose = diagnose, rows: int = 1) -> Player:
    return Player(cast("Any", pipeline), pipeline.look, judge, tmp_path, rows)


def test_a_row_ends_with_the_first_right_diagnosis_and_leaves_nothing(pipeline: Pipeline, tmp_path: Path) -> None:
    played = player(pipeline, tmp_path).play(ROW)
    assert played.verdict is not None
    assert played.verdict.as_expected
    assert played.verdict.seconds is not None
    assert pipeline.replicas == 1
    assert pipeline.journal.entries() == []
    kept = recordings.read(tmp_path / "snapshots" / "kafka-down.json.gz")
    assert kept.answers["deployments"][0]["spec"]["replicas"] == 0
    told = json.loads((tmp_path / "rows" / "kafka-down.json").read_text())
    assert told["verdict"]["as_expected"]
    assert told["red"] == {"test_pods_ready[kafka]": "no pod"}
    assert pipeline.lines[-1].startswith("1/1 kafka-down: ")


def test_what_is_diagnosed_shows_nothing_of_the_faults_marks(pipeline: Pipeline, tmp_path: Path) -> None:
    player(pipeline, tmp_path).play(ROW)
    kept = recordings.read(tmp_path / "snapshots" / "kafka-down.json.gz")
    assert kept.answers["deployments"][0]["metadata"] == {"annotations": {}}


def test_a_wrong_diagnosis_is_kept_when_the_time_is_over(pipeline: Pipeline, tmp_path: Path) -> None:
    blind = player(pipeline, tmp_path, lambda _snapshot: Diagnosis(0.0, "kind", "ns"))
    played = blind.play(ROW)
    assert played.verdict is not None
    assert played.verdict.wrong == ["not detected", "test_pods_ready[kafka] is not red"]
    assert pipeline.lines[-1].startswith("1/1 kafka-down: not detected, ")
    assert pipeline.replicas == 1


def test_a_diagnosis_has_to_be_right_still_when_the_fault_is_ripe(pipeline: Pipeline, tmp_path: Path) -> None:
    looks = 0

    def fading(snapshot: Snapshot) -> Diagnosis:
        nonlocal looks
        looks += 1
        return diagnose(snapshot) if looks < 3 else Diagnosis(0.0, "kind", "ns")

    played = player(pipeline, tmp_path, fading).play(replace(ROW, ripens=0.1))
    assert played.verdict is not None
    assert not played.verdict.detected


def test_the_time_to_detect_is_that_of_the_first_right_diagnosis(pipeline: Pipeline, tmp_path: Path) -> None:
    played = player(pipeline, tmp_path).play(replace(ROW, ripens=0.5))
    assert played.verdict is not None
    assert played.verdict.as_expected
    assert played.verdict.seconds is not None
    assert played.verdict.seconds < 0.5
    assert played.took > 0.5


def test_nothing_is_touched_while_the_pipeline_is_not_well(pipeline: Pipeline, tmp_path: Path) -> None:
    pipeline.wrong = ["a pod of kafka is not ready"] * 1_000
    with pytest.raises(PreconditionNotMet, match="not well: a pod of kafka is not ready"):
        player(pipeline, tmp_path).play(ROW)
    assert "annotations" not in pipeline.api.objects[DEPLOYMENT]["metadata"]


def test_a_finding_that_stays_is_told_and_does_not_hold_the_matrix_up(pipeline: Pipeline, tmp_path: Path) -> None:
    def always(snapshot: Snapshot) -> Diagnosis:
        found = diagnose(snapshot)
        return replace(found, findings=(*found.findings, Finding(CAUSES["not-ready"], "loki", "slow")))

    played = player(pipeline, tmp_path, always).play(ROW)
    assert played.before == ("loki: not-ready (L2)",)
    assert any("not quite well" in line for line in pipeline.lines)
    assert played.verdict is not None
    assert played.verdict.alarms == ("loki: not-ready (L2)",)


def test_a_look_that_fails_is_taken_again(pipeline: Pipeline, tmp_path: Path) -> None:
    looks = 0

    def unsteady() -> Snapshot:
        nonlocal looks
        looks += 1
        if looks % 2:
            raise ServiceUnreachable("the API server is slow")
        return pipeline.look()

    played = Player(cast("Any", pipeline), unsteady, diagnose, tmp_path).play(ROW)
    assert played.verdict is not None
    assert played.verdict.as_expected


def test_what_is_arranged_and_done_meanwhile_is_over_after_the_row(pipeline: Pipeline, tmp_path: Path) -> None:
    seen: list[str] = []

    @contextmanager
    def meanwhile(_pipeline: Any) -> Iterator[None]:
        seen.append("begun")
        yield
        seen.append("ended")

    def arranged(pipeline: Any) -> Fault:
        seen.append("arranged")
        return faults.patched(pipeline.api, DEPLOYMENT, {"spec": {"paused": True}}, "paused")

    player(pipeline, tmp_path).play(replace(ROW, before=arranged, meanwhile=meanwhile))
    assert seen == ["arranged", "begun", "ended"]
    assert "paused" not in pipeline.api.objects[DEPLOYMENT]["spec"]


def test_a_fault_that_remains_is_told(pipeline: Pipeline, tmp_path: Path) -> None:
    stays = Proof("it to be over", lambda: False, within=0.05)
    with pytest.raises(FaultRemains, match="not gone"):
        player(pipeline, tmp_path).play(replace(ROW, build=lambda found: scaled(found).proved(gone=stays)))


def test_the_line_of_a_row_says_how_long_the_rest_takes(pipeline: Pipeline, tmp_path: Path) -> None:
    several = player(pipeline, tmp_path, rows=3)
    several.play(ROW)
    several.play(ROW)
    assert pipeline.lines[-1].startswith("2/3 ")
    assert pipeline.lines[-1].endswith("about 0 min left")
