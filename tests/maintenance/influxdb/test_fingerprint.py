"""The hash of a series: any other time, field, value or order is another; how it was cut into chunks is not."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest

from pipeline_services.maintenance.influxdb.fingerprint import (
    Chunk,
    Series,
    SeriesHasher,
    Stored,
    fingerprint,
    points_in,
)
from pipeline_services.model.errors import UnexpectedAnswer
from tests.maintenance.influxdb.hand_made import OTHER, SENSOR, Points, chunks, readings, stored


def digest(points: Points, size: int = 7) -> str:
    return fingerprint(chunks(SENSOR, points, size))[SENSOR].digest


def test_how_a_series_is_cut_does_not_matter() -> None:
    assert digest(readings(100), 1) == digest(readings(100), 7) == digest(readings(100), 1_000)


def test_the_order_in_which_fields_are_listed_does_not_matter() -> None:
    one = Chunk(SENSOR, ["a", "b"], [[1, 2.5, "x"]])
    other = Chunk(SENSOR, ["b", "a"], [[1, "x", 2.5]])
    assert fingerprint([one]) == fingerprint([other])


def test_a_field_that_no_point_has_does_not_matter() -> None:
    one = Chunk(SENSOR, ["a", "b"], [[1, 2.5, None]])
    assert fingerprint([one]) == fingerprint([Chunk(SENSOR, ["a"], [[1, 2.5]])])


@pytest.mark.parametrize(
    "change",
    [
        {5_000: {"sequence": 5, "value": 0.626}},
        {5_000: {"sequence": 6, "value": 0.625}},
        {5_000: {"sequence": 5}},
        {5_000: {"sequence": 5, "other": 0.625}},
        {5_001: {"sequence": 5, "value": 0.625}},
        {5_000: {"sequence": 5, "value": "0.625"}},
        {5_000: {"sequence": True, "value": 0.625}},
    ],
    ids=["value", "another field's value", "a field less", "field name", "one point more", "text", "true"],
)
def test_any_change_shows(change: dict[int, dict[str, Any]]) -> None:
    assert digest(readings(10) | change) != digest(readings(10))


def test_print_has_count_and_times() -> None:
    found = fingerprint([*chunks(SENSOR, readings(10)), *chunks(OTHER, readings(3, start=50))])
    assert (found[SENSOR].points, found[SENSOR].first_ns, found[SENSOR].last_ns) == (10, 0, 9_000)
    assert (found[OTHER].first_ns, points_in(found)) == (50, 13)


@pytest.mark.parametrize("rows", [[[2, 1.0], [1, 1.0]], [[1, 1.0], [1, 1.0]]])
def test_points_out_of_order_are_refused(rows: list[list[Any]]) -> None:
    with pytest.raises(UnexpectedAnswer, match="order of time"):
        fingerprint([Chunk(SENSOR, ["value"], rows)])
    with pytest.raises(UnexpectedAnswer, match="order of time"):
        fingerprint([Chunk(SENSOR, ["value"], [row]) for row in rows])


def test_a_tag_without_a_value_is_none() -> None:
    assert Series.of("m", {"b": "2", "a": "1", "c": ""}) == Series.of("m", {"a": "1", "b": "2"})
    assert str(Series.of("m", {"b": "2", "a": "1"})) == "m,a=1,b=2"


def test_no_rows_are_no_points() -> None:
    hasher = SeriesHasher()
    hasher.add(["value"], [])
    assert hasher.finished().points == 0


def test_fifty_times_the_points_take_no_more_memory() -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        fingerprint(Chunk(SENSOR, ["value"], [[at, 1.5] for at in range(n, n + 1_000)]) for n in range(0, count, 1_000))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(100_000) < 1.2 * peak(2_000)


def test_prints_survive_a_file() -> None:
    known = stored({"a": {SENSOR: readings(5), OTHER: readings(2)}, "b": {}})
    assert Stored.from_dict(json.loads(json.dumps(known.to_dict()))) == known
    assert known.points == 7


@pytest.mark.parametrize(
    "known", [{}, {"spans": {"a": [1]}, "buckets": {}, "types": {}}, {"spans": {}, "buckets": {"a": [1]}}]
)
def test_a_file_with_something_else_is_refused(known: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedAnswer, match="cannot be read"):
        Stored.from_dict(known)
