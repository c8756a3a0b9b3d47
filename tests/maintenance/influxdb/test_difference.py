"""What a copy has otherwise is named: bucket, series, and the first point. Each case is a copy gone bad."""

from __future__ import annotations

import pytest

from pipeline_services.maintenance.influxdb import difference
from pipeline_services.maintenance.influxdb.difference import compared, first_difference, types_differing
from pipeline_services.maintenance.influxdb.fingerprint import Stored
from tests.maintenance.influxdb.hand_made import OTHER, SENSOR, Held, Points, readings, stored

COUNT = 800
READ_AT_ONCE = 500
STOP = COUNT * 1_000
WHOLE = stored({"sensors": {SENSOR: readings(10), OTHER: readings(10)}, "empty": {}})


@pytest.fixture(autouse=True)
def few_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of what is read at once of a real server: the search still halves the time first."""
    monkeypatch.setattr(difference, "READ_AT_ONCE", READ_AT_ONCE)


def said(copy: Stored, retention: int = 0, now: float = 0.0) -> list[str]:
    return [str(one) for one in compared(WHOLE, copy, {"sensors": retention}, now)]


def first(copy: Points) -> str:
    return str(first_difference(Held(readings(COUNT)), Held(copy), 0, STOP))


def test_an_equal_copy_differs_in_nothing() -> None:
    assert said(stored({"sensors": {OTHER: readings(10), SENSOR: readings(10)}, "empty": {}})) == []
    assert first_difference(Held(readings(COUNT)), Held(readings(COUNT)), 0, STOP) is None


def test_an_empty_bucket_is_named() -> None:
    assert said(stored({"sensors": {}, "empty": {}})) == ["sensors is empty; 20 points expected"]
    assert said(stored({"empty": {}})) == ["sensors is empty; 20 points expected"]


def test_a_missing_series_is_named() -> None:
    assert said(stored({"sensors": {SENSOR: readings(10)}})) == [
        "sensors (10 points of 20): 1 series missing, first reading,device=d2"
    ]


def test_one_value_changed_at_equal_count_is_named() -> None:
    copy = stored({"sensors": {SENSOR: readings(10) | {3_000: {"sequence": 3, "value": 9.0}}, OTHER: readings(10)}})
    (found,) = compared(WHOLE, copy, {}, 0.0)
    assert str(found) == "sensors (20 points of 20): 1 series changed, first reading,device=d1"
    assert found.first == SENSOR


def test_what_was_never_stored_is_named() -> None:
    copy = stored({"sensors": {SENSOR: readings(10), OTHER: readings(10)}, "empty": {SENSOR: readings(1)}})
    assert said(copy) == ["empty (1 point of 0): 1 series never stored, first reading,device=d1"]


def test_points_beyond_the_retention_are_named_as_such() -> None:
    copy = stored({"sensors": {}})
    reason = "; some of it is older than the bucket's retention of 60 min, so InfluxDB deletes it"
    assert said(copy, 3_600, now=7_200.0) == [f"sensors is empty; 20 points expected{reason}"]
    assert said(copy, 3_600, now=3_600.0) == ["sensors is empty; 20 points expected"]


@pytest.mark.parametrize("number", [0, 1, 399, 400, COUNT - 1])
def test_the_first_changed_value_is_found(number: int) -> None:
    copy = readings(COUNT)
    for later in {number, COUNT - 1}:
        copy[later * 1_000]["value"] = -1.0
    at = f"1970-01-01T00:00:00.{number * 1_000:09d}Z"
    assert first(copy) == f"at {at} value is -1.0; stored was {number / 8}"


def test_the_first_missing_point_is_found_with_what_it_held() -> None:
    copy = readings(COUNT)
    del copy[234_000], copy[500_000]
    assert first(copy) == ("at 1970-01-01T00:00:00.000234000Z a point is missing: sequence=234, value=29.25")


def test_a_point_that_was_never_stored_is_found() -> None:
    assert first(readings(COUNT) | {77: {"value": 1.0}}) == (
        "at 1970-01-01T00:00:00.000000077Z there is a point that was never stored: value=1.0"
    )


def test_a_field_that_is_lost_is_found() -> None:
    copy = readings(COUNT)
    copy[5_000] = {"sequence": 5}
    assert "value is None; stored was 0.625" in first(copy)


def test_nothing_at_all_is_found_at_the_first_point() -> None:
    assert "00:00:00.000000000Z a point is missing" in first({})


def test_the_search_reads_little_more_than_the_series_twice() -> None:
    copy = readings(COUNT)
    copy[650_000] = {"sequence": -1}
    held = Held(readings(COUNT))
    assert first_difference(held, Held(copy), 0, STOP) is not None
    assert held.read <= 4 * COUNT + READ_AT_ONCE


def test_a_type_that_changed_is_named_though_the_numbers_agree() -> None:
    copy = Stored(WHOLE.spans, WHOLE.buckets, {"sensors": {"reading.value": "integer"}, "empty": {}})
    assert types_differing(WHOLE, copy) == [
        "empty: reading.value is missing; stored was float",
        "sensors: reading.value is integer; stored was float",
    ]
    assert types_differing(WHOLE, WHOLE) == []
