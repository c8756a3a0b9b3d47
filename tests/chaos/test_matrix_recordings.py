"""Recordings are small, say nothing of how a fault was made, and are only taken over where they are judged rightly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chaos.matrix import recordings
from chaos.scenarios import MATRIX
from pipeline_services.snapshot.snapshot import Failure, Snapshot
from pipeline_services.triage.model import Diagnosis, Finding
from pipeline_services.triage.subjects import CAUSES

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


LINES = [str(number) for number in range(1_000)]


@pytest.mark.parametrize(("app", "kept"), [("kafka", 60), ("grafana", 25)])
def test_only_the_newest_lines_of_a_log_are_recorded(app: str, kept: int) -> None:
    tail = {"pod": "a", "lines": LINES, "previous": LINES, "error": "x"}
    found = recordings.trimmed(snapshot(**{f"logs/{app}": [tail, {"pod": "b"}]})).answers[f"logs/{app}"]
    assert found == [{**tail, "lines": LINES[-kept:], "previous": LINES[-kept:]}, {"pod": "b"}]


def test_only_the_newest_of_what_a_search_found_is_recorded() -> None:
    loki = [{"stream": {"pod": "a"}, "values": [[str(2_000 - number), "x" * 500] for number in range(100)]}]
    found = recordings.trimmed(snapshot(**{"loki/all": loki, "pods": [1]})).answers
    assert found["loki/all"] == [{"stream": {"pod": "a"}, "values": [["2000", "x" * 160], ["1999", "x" * 160]]}]
    assert found["pods"] == [1]


@pytest.mark.parametrize(
    ("times", "kept"),
    [
        ({"lastTimestamp": "1970-01-01T00:40:00Z"}, True),
        ({"lastTimestamp": "1970-01-01T00:20:00Z"}, False),
        ({"lastTimestamp": None, "eventTime": "1970-01-01T00:40:00.123456Z"}, True),
        ({"eventTime": "1970-01-01T00:20:00Z", "series": {"lastObservedTime": "1970-01-01T00:40:00Z"}}, True),
        ({}, True),
    ],
)
def test_old_events_are_not_recorded(times: dict[str, Any], kept: bool) -> None:
    event = {"metadata": {"name": "a", "uid": "1"}, "reason": "BackOff", **times}
    found = recordings.trimmed(Snapshot(3_000.0, "kind", "ns", {"events": [event]})).answers["events"]
    assert found == ([{**event, "metadata": {"name": "a"}}] if kept else [])


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
    assert ROW in MATRIX
    played, kept = tmp_path / "played", tmp_path / "kept"
    recordings.write(snapshot(), played / f"{ROW}.json.gz")
    wrong = recordings.take_over([ROW, "dns-down"], played, kept)
    assert wrong == [*([] if right else [f"{ROW}: not detected; said nothing"]), "dns-down: not played"]
    assert list(recordings.recorded(kept)) == ([ROW] if right else [])
