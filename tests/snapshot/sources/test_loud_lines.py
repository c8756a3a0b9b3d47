"""Errors of a week by their kind, and from when on all of them are known."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.clients.loki import LokiApi
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.text import shape_of
from pipeline_services.snapshot.sources import loud_lines

PIPELINE = Pipeline.load()
NANO = 1_000_000_000


class Loki(LokiApi):
    """Has these lines of Kafka, as (seconds, text)."""

    def __init__(self, *lines: tuple[int, str], oldest: int = 100) -> None:
        self._lines, self._oldest = lines, oldest

    def lines(
        self, logql: str, *, start: float, end: float, limit: int, oldest_first: bool = False
    ) -> list[dict[str, Any]]:
        entries = [(self._oldest, "INFO")] if oldest_first else [one for one in self._lines if start <= one[0] <= end]
        return [{"stream": {"app": "kafka"}, "values": [[str(at * NANO), text] for at, text in entries[:limit]]}]


def loud(loki: Loki) -> dict[str, Any]:
    return loud_lines.loud_lines(loki, "n", 9_000, PIPELINE, seconds=9_000)


def test_lines_are_counted_by_what_they_say_but_for_numbers() -> None:
    found = loud(
        Loki((500, "ERROR disk 4 of kafka-0 is gone"), (200, "ERROR disk 3 of kafka-0 is gone"), (300, "fatal"))
    )
    assert found == {
        "since": 100,
        "kinds": [
            {"component": "kafka", "sample": "ERROR disk 4 of kafka-0 is gone", "times": [200, 500], "count": 2},
            {"component": "kafka", "sample": "fatal", "times": [300], "count": 1},
        ],
    }


def test_what_loki_cut_off_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loud_lines, "LINES", 3)
    assert loud(Loki(*((1_000 + at, "ERROR") for at in range(9))))["since"] == 1_000


def test_an_empty_loki_knows_nothing() -> None:
    loki = Loki()
    loki.lines = lambda *_args, **_kwargs: []  # type: ignore[method-assign]
    assert loud(loki) == {"since": 9_000, "kinds": []}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("took 3 ms at 10:00:01", "took 97 ms at 11:22:33", True),
        ("pod producer-7c9d8-x2k4q of 10.1.2.3:9092", "pod producer-55f4-b7v2c of 10.1.2.4:9092", True),
        ("cannot read", "cannot write", False),
    ],
)
def test_the_shape_of_a_message(one: str, other: str, same: bool) -> None:
    assert (shape_of(one) == shape_of(other)) is same
