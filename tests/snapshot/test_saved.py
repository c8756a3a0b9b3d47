"""What a saved snapshot may be wrong in is one line, whichever program reads it; what is good in it is judged."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.model.errors import NoData, NotAsked, UnexpectedAnswer
from pipeline_services.snapshot import saved
from pipeline_services.snapshot.bounds import LIMIT, LONGEST, is_bounded
from pipeline_services.snapshot.saved import FORMAT
from pipeline_services.snapshot.snapshot import ASKED_SINCE, Snapshot
from pipeline_services.triage.diagnosis import diagnose

HEALTHY = Path(__file__).parents[1] / "snapshots" / "healthy.json.gz"
Change = Callable[[dict[str, Any]], object]


def document() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(gzip.decompress(HEALTHY.read_bytes()))
    return read


def answers(value: object) -> Change:
    return lambda whole: whole.update(answers=dict.fromkeys(whole["answers"], value))


def answer(source: str, value: object) -> Change:
    return lambda whole: whole["answers"].update({source: value})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda whole: whole.update(taken_at=float("nan")), "it has NaN for a number"),
        (lambda whole: whole.update(taken_at=float("inf")), "it has Infinity for a number"),
        (lambda whole: whole.update(taken_at=1e20), "its taken_at is no time in seconds since 1970"),
        (lambda whole: whole.update(taken_at=-1e12), "its taken_at is no time in seconds since 1970"),
        (lambda whole: whole.update(taken_at=True), "its taken_at is no time in seconds since 1970"),
        (lambda whole: whole.update(taken_at=whole["taken_at"] + 9e7), "what it holds is 1042 days older"),
        (lambda whole: whole.update(taken_at=whole["taken_at"] - 9e7), "what it holds is 1042 days newer"),
        (lambda whole: whole.update(context=None), "its context is not text"),
        (lambda whole: whole.update(namespace=7), "its namespace is not text"),
        (lambda whole: whole.update(answers=[]), "its answers is not a table"),
        (lambda whole: whole.update(answers={}, failures={}), "it is empty: nothing was asked"),
        (lambda whole: whole.update(failures={"pods": {"kind": "NoData", "message": 3}}), "its failure of pods"),
        (answers(None), "is not a list of records"),
        (answers("x"), "is not a list of records"),
        (answers({}), "is not a list of records"),
        (answer("pods", [1]), "its answer of pods is not a list of records"),
        (answer("pods", [{}]), "its answer of pods is not a list of Kubernetes objects"),
        (answer("grafana_health", None), "its answer of grafana_health is not a record"),
        (lambda whole: whole.update(format=0), "the snapshot has format 0, known are 1 to"),
        (lambda whole: whole.update(format="x"), "the snapshot has format 'x', known are 1 to"),
        (lambda whole: whole.update(format=FORMAT + 1), "of a newer suite; this one reads up to"),
        (lambda whole: whole.pop("answers"), "it has no format and no answers"),
    ],
)  # fmt: skip
def test_what_is_no_snapshot_is_named(change: Change, says: str) -> None:
    whole = document()
    change(whole)
    with pytest.raises(UnexpectedAnswer, match=says):
        Snapshot.from_json(json.dumps(whole))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "this is not a snapshot: it is empty"),
        (b"null", "it has no format and no answers"),
        (b"[]", "it has no format and no answers"),
        (b"{}", "it has no format and no answers"),
        (b'{"format": 1, "answ', r"it is not JSON, or cut off \(line 1, column "),
        (b"[" * 100_000 + b"]" * 100_000, "it is nested too deeply"),
        (b"\xff\xfe\x00", "it is not UTF-8 text"),
        (HEALTHY.read_bytes()[:3000], "it is packed with gzip, and cut off or damaged"),
    ],
    ids=["empty", "null", "list", "table", "cut off", "deep", "bytes", "half a gz"],
)
def test_a_file_that_is_none_is_one_line_without_the_words_of_python(tmp_path: Path, data: bytes, says: str) -> None:
    file = tmp_path / "seen.json"
    file.write_bytes(data)
    with pytest.raises(UnexpectedAnswer, match=says) as raised:
        Snapshot.load(file)
    assert "seen.json" in raised.value.message
    assert "Error" not in raised.value.message
    assert "\n" not in raised.value.message


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cp", str(HEALTHY), str(pipe)]) as writer:
        read = Snapshot.load(pipe)
    assert writer.returncode == 0
    assert read.namespace == Snapshot.load(HEALTHY).namespace


def test_the_healthy_recording_is_healthy_as_it_is() -> None:
    snapshot = Snapshot.load(HEALTHY)
    assert diagnose(snapshot).exit_code == 0
    assert any("older suite wrote it (format 2)" in line for line in snapshot.remarks(snapshot.taken_at))


def test_only_what_an_older_suite_did_not_know_may_be_missing() -> None:
    source = next(iter(ASKED_SINCE))
    with pytest.raises(NotAsked):
        Snapshot(0, "c", "n", {}, format=ASKED_SINCE[source] - 1).data(source)
    with pytest.raises(NoData) as raised:
        Snapshot(0, "c", "n", {}, format=ASKED_SINCE[source]).data(source)
    assert not isinstance(raised.value, NotAsked)


def test_a_source_is_asked_for_since_a_format_that_there_is() -> None:
    assert set(ASKED_SINCE.values()) <= set(range(2, FORMAT + 1))


@pytest.mark.parametrize(
    ("later_s", "says"), [(0, None), (90_000, "is 25 h 0 min old"), (-900, "is 15 min ahead of this machine's clock")]
)
def test_the_age_is_said_where_it_matters(later_s: float, says: str | None) -> None:
    lines = Snapshot(1_790_000_000, "c", "n", {}).remarks(1_790_000_000 + later_s)
    assert [says in line for line in lines] == [True] if says else lines == []


def test_nothing_in_a_snapshot_gives_orders_to_a_terminal() -> None:
    whole = document()
    whole["context"] = "\x1b[31mred\x1b[0m\x07"
    whole["answers"]["pods"][0]["metadata"]["name"] = "\x1b]0;title\x07kafka\x9b0"
    read = Snapshot.from_json(json.dumps(whole))
    assert read.context == "red?"
    assert read.data("pods")[0]["metadata"]["name"] == "kafka?0"


@pytest.mark.parametrize("text", ["\x1b[31mred", "\x9b", "\x7f", "\r", "a\\\r", "x" * (LONGEST + 1)])
def test_what_has_to_be_changed_is_told_from_the_text_alone(text: str) -> None:
    for ascii_only in (True, False):
        assert not is_bounded(json.dumps({"logs/kafka": [text]}, ensure_ascii=ascii_only))
    assert not is_bounded(" " * (LIMIT + 1))
    assert is_bounded(json.dumps({"logs/kafka": ['a "word"\n\tor two \\x1b \\r', "x" * (LONGEST // 4)]}))


def test_a_large_file_is_announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "seen.json"
    file.write_text("x" * 3000)
    assert saved.announcement(file) == ""
    monkeypatch.setattr(saved, "LARGE_BYTES", 1000)
    assert saved.announcement(file) == f"Reading {file} (0 MiB) ..."
    assert saved.announcement(tmp_path / "nowhere") == ""
