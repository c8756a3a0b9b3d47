"""A large file is read source by source, and comes to the same snapshot as one that is read whole."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_services.model.errors import UnexpectedAnswer
from pipeline_services.snapshot import streamed
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.snapshot.streamed import large_document
from tests.judgements.world import healthy
from tests.scale.crowd import Crowd

LINES_BYTES = 60_000
LIMIT = 10_000


@pytest.fixture
def text(monkeypatch: pytest.MonkeyPatch) -> str:
    """Of a snapshot with far more lines than are kept; each part of it is longer than what is read at once."""
    monkeypatch.setattr(streamed, "LARGE_BYTES", LIMIT)
    monkeypatch.setattr(streamed, "KEPT", LIMIT * 3 // 2)
    monkeypatch.setattr(streamed, "CHUNK", 500)
    return Crowd(log_bytes=LINES_BYTES).beside(healthy().snapshot()).to_json()


def newest(snapshot: Snapshot) -> dict[str, list[str]]:
    return {source: [one["lines"][-1] for one in snapshot.data(source)] for source in logs(snapshot)}


def logs(snapshot: Snapshot) -> list[str]:
    return [source for source in snapshot.answers if source.startswith("logs/")]


@pytest.mark.parametrize("spread", [lambda text: text, lambda text: json.dumps(json.loads(text), indent=3)])
@pytest.mark.parametrize("packed", [False, True])
def test_what_is_judged_is_the_same(text: str, tmp_path: Path, spread: Callable[[str], str], packed: bool) -> None:
    file = tmp_path / "large.json"
    file.write_bytes(gzip.compress(spread(text).encode()) if packed else spread(text).encode())
    assert large_document(file)
    read, whole = Snapshot.load(file), Snapshot.from_json(text)
    others = whole.answers.keys() - {"events", *logs(whole)}
    assert read.answers.keys() == whole.answers.keys()
    assert {source: read.answers[source] for source in others} == {source: whole.answers[source] for source in others}
    assert newest(read) == newest(whole)
    assert read.pipeline.document() == whole.pipeline.document()
    assert (read.taken_at, read.context, read.failures) == (whole.taken_at, whole.context, whole.failures)


def test_of_too_many_lines_the_newer_ones_are_kept(text: str, tmp_path: Path) -> None:
    (tmp_path / "large.json").write_text(text)
    read = Snapshot.load(tmp_path / "large.json")
    size = sum(len(json.dumps(read.answers[source])) for source in logs(read))
    assert LIMIT / 2 < size < 3 * LIMIT < LINES_BYTES


def test_a_small_file_is_read_whole(tmp_path: Path) -> None:
    healthy().snapshot().save(tmp_path / "small.json")
    assert large_document(tmp_path / "small.json") is None
    assert Snapshot.load(tmp_path / "small.json")


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (lambda text: text[: len(text) // 2], "it is not JSON, or cut off"),
        (lambda text: text.rstrip()[:-1] + ",}", "it is not JSON, or cut off"),
        (lambda text: text.replace('"format":3', '"format":4'), "of a newer suite"),
        (lambda text: text.replace('"taken_at":', '"taken_at":NaN,"then":'), "it has NaN for a number"),
        (lambda text: text.replace('"logs/kafka":', '"logs/kafka":7,"then":'), "logs/kafka is not a list of records"),
        (lambda text: f"[{text}]", "it has no format and no answers"),
    ],
    ids=["cut off", "no end", "newer", "no number", "another shape", "no table"],
)
def test_what_is_wrong_is_said_as_of_a_small_one(
    text: str, tmp_path: Path, broken: Callable[[str], str], says: str
) -> None:
    (tmp_path / "large.json").write_text(broken(text))
    with pytest.raises(UnexpectedAnswer, match=says) as caught:
        Snapshot.load(tmp_path / "large.json")
    assert "\n" not in str(caught.value)
