"""A snapshot is small enough for every report, and keeps what is judged by being there."""

from __future__ import annotations

from typing import Any

from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.bounds import LIMIT, bounded
from pipeline_services.snapshot.snapshot import Snapshot


def long_log(lines: int) -> list[dict[str, Any]]:
    return [{"pod": "p", "container": "c", "lines": [f"{number:06d} " + "x" * 200 for number in range(lines)]}]


def test_a_snapshot_keeps_its_bound_and_the_newest_lines() -> None:
    answers = {f"logs/{name}": long_log(20_000) for name in Pipeline.load().data_path} | {
        "pods": [{"metadata": {"name": "kafka-0"}}]
    }
    kept = bounded(answers)
    assert len(Snapshot(0, "c", "n", kept).to_json().encode()) <= LIMIT
    assert kept["pods"] == answers["pods"]
    assert kept["logs/kafka"][0]["lines"][-1].startswith("019999 ")
    assert len(kept["logs/kafka"][0]["lines"]) > 1000


def test_what_is_small_stays_as_it_is() -> None:
    answers = {"logs/kafka": long_log(10), "events": [{"a": 1}], "loki_ready": {"status": 200}}
    assert bounded(answers) == answers


def test_one_huge_text_is_cut() -> None:
    kept = bounded({"configmaps": [{"data": {f"key-{n}": "y" * 60_000 for n in range(100)}}]})
    assert len(Snapshot(0, "c", "n", kept).to_json().encode()) <= LIMIT


def test_thousands_of_objects_cost_no_log_line_and_no_text() -> None:
    """The newest lines of Loki, which are judged by being there, were cut to none."""
    line = {"stream": {"pod": "kafka-0"}, "values": [["1795000000000000000", "a line"]]}
    objects = [{"metadata": {"name": f"crowd-{n}", "note": "x" * 250}} for n in range(20_000)]
    answers = {"loki/all": [line], "loki/errors": [], "pods": objects, "logs/kafka": long_log(20)}
    assert bounded(answers) == answers


def test_the_newest_line_stays_however_much_there_is() -> None:
    stream = {"stream": {}, "values": [["2", "newest " + "x" * 9_000], ["1", "older " + "y" * 9_000]]}
    answers = {
        "loki/all": [stream] * 400,
        "logs/kafka": [{"pod": "p", "container": "c", "lines": ["z" * 60_000] * 9}] * 9,
    }
    kept = bounded(answers)
    assert len(kept["loki/all"]) == 400
    assert all(one["values"][0][0] == "2" for one in kept["loki/all"])
    assert all(one["lines"] for one in kept["logs/kafka"])
    assert len(Snapshot(0, "c", "n", kept).to_json().encode()) <= LIMIT
