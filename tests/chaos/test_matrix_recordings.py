"""Recordings are small, say nothing of how a fault was made, and are only taken over where they are judged rightly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chaos.matrix import recordings
from chaos.matrix.table import ROWS
from pipeline_services.snapshot import Failure, Snapshot
from pipeline_services.triage.causes import CAUSES
from pipeline_services.triage.model import Diagnosis, Finding

ROW = "node-cordoned"


def snapshot(**answers: Any) -> Snapshot:
    return Snapshot(1.0, "kind", "ns", answers, {"nodes": Failure("NoData", "none")})


def test_marks_are_taken_away_wherever_they_are() -> None:
    marked = {"conveyor.io/fault": "1", "conveyor.io/fault-expires": "x", "app": "kafka"}
    fields = ["spec.replicas", "metadata.annotations.conveyor.io/fault"]
    found = recordings.unmarked(
        snapshot(pods=[{"metadata": {"labels": marked, "annotations": {"conveyor.io/restarted-by-fault": "2"}}}],
                 changes=[{"fields": fields}])
    )  # fmt: skip
    assert found.answers["pods"] == [{"metadata": {"labels": {"app": "kafka"}, "annotations": {}}}]
    assert found.answers["changes"] == [{"fields": ["spec.replicas"]}]
    assert found.failures == snapshot().failures


def test_only_the_newest_lines_are_recorded() -> None:
    lines = [str(number) for number in range(1_000)]
    tail = {"pod": "a", "lines": lines, "previous": lines, "error": "x"}
    loki = [{"stream": {}, "values": [[line, line] for line in lines]}]
    found = recordings.trimmed(snapshot(**{"logs/kafka": [tail, {"pod": "b"}], "loki/all": loki, "pods": [1]})).answers
    assert found["logs/kafka"][0]["lines"] == lines[-recordings.LOG_LINES :]
    assert found["logs/kafka"][0]["previous"] == lines[-recordings.LOG_LINES :]
    assert found["logs/kafka"][0]["error"] == "x"
    assert found["logs/kafka"][1] == {"pod": "b"}
    assert found["loki/all"][0]["values"] == [["0", "0"], *[[line, line] for line in lines[1 : recordings.LOKI_LINES]]]
    assert found["pods"] == [1]


def test_what_is_written_is_read_and_always_the_same(tmp_path: Path) -> None:
    recordings.write(snapshot(pods=[]), tmp_path / "a" / "one.json.gz")
    recordings.write(snapshot(pods=[]), tmp_path / "a" / "two.json.gz")
    assert recordings.read(tmp_path / "a" / "one.json.gz") == snapshot(pods=[])
    one, two = recordings.recorded(tmp_path / "a").values()
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("right", [True, False])
def test_only_what_is_judged_as_expected_is_taken_over(
    right: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = (Finding(CAUSES["node-cordoned"], "node", "x"),) if right else ()
    said = Diagnosis(0.0, "kind", "ns", found, {"test_nodes_ready": "cordoned"})
    monkeypatch.setattr(recordings, "diagnose", lambda _snapshot: said)
    assert ROW in ROWS
    played, kept = tmp_path / "played", tmp_path / "kept"
    recordings.write(snapshot(), played / f"{ROW}.json.gz")
    wrong = recordings.take_over([ROW, "dns-down"], played, kept)
    assert wrong == [*([] if right else [f"{ROW}: not detected; said nothing"]), "dns-down: not played"]
    assert list(recordings.recorded(kept)) == ([ROW] if right else [])
