"""Which fields tell one message from another."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline_services.discover.messages import fields_of
from pipeline_services.model.message import Reading, encode


def raw(*messages: Any) -> list[bytes]:
    return [json.dumps(one).encode() for one in messages]


SPEEDS = [
    {
        "timestamp": f"2026-11-26T10:00:0{second}.123456+00:00",
        "conveyor_id": "line_1",
        "speed_ms": 1.5,
        "message_id": second,
    }
    for second in range(5)
]


def test_a_time_and_whose_it_is_are_found_and_a_number_of_the_message_is_not_taken_for_it() -> None:
    assert fields_of(raw(*SPEEDS)) == {
        "own": False,
        "seen": 5,
        "time": "timestamp",
        "time_format": "iso8601",
        "series": ["conveyor_id"],
    }


@pytest.mark.parametrize(
    ("value", "unit"), [(1_795_000_000, "s"), (1_795_000_000_123, "ms"), (1_795_000_000_123_456, "us"), (1.8e18, "ns")]
)
def test_the_unit_of_a_number_is_told_by_its_size(value: float, unit: str) -> None:
    assert fields_of(raw({"ts": value, "device": "a"}, {"ts": value + 1, "device": "a"}))["time_format"] == unit


@pytest.mark.parametrize(
    "messages",
    [
        [{"a": 1}, {"b": 2}],
        [{"timestamp": "soon"}, {"timestamp": "later"}],
        [{"timestamp": True, "device": None}],
        ["just text"],
        [],
    ],
)
def test_what_cannot_be_told_is_not_there(messages: list[Any]) -> None:
    assert not fields_of(raw(*messages)).keys() & {"series", "time"}


def test_one_message_of_another_kind_hides_nothing() -> None:
    assert fields_of([b"no json", *raw(*SPEEDS)])["seen"] == 5


def test_messages_of_the_suites_own_apps_need_no_table() -> None:
    assert fields_of([encode(Reading("life", "conveyor-1", number, 1 + number, 1.5)) for number in range(3)]) == {
        "own": True
    }
