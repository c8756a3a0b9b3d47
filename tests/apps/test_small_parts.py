"""Sensors, the outbox, names, logs, stopping."""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from pipeline_services.apps.json_log import JsonFormatter, RepeatFilter
from pipeline_services.apps.names_lookup import NamesLookup
from pipeline_services.apps.outbox import Outbox
from pipeline_services.apps.sensors import Sensor, sensors
from pipeline_services.apps.stopping import Stop
from pipeline_services.model.message import Reading, decode, encode


@given(st.lists(st.integers(0, 2**62), min_size=2, max_size=30))
@settings(max_examples=30)
def test_sequences_have_no_gap_and_times_only_go_up_whatever_the_clock_does(times: list[int]) -> None:
    ticks = iter(times)
    sensor = Sensor("life", "conveyor-00", clock_ns=lambda: next(ticks), seed=1)
    readings = [sensor.read() for _ in times]
    assert [reading.sequence for reading in readings] == list(range(len(times)))
    assert all(a.event_time_ns < b.event_time_ns for a, b in pairwise(readings))
    assert [decode(encode(reading)) for reading in readings] == readings


def test_sensors_have_names_of_their_own() -> None:
    assert [sensor.read().device_id for sensor in sensors("life", 3)] == ["conveyor-00", "conveyor-01", "conveyor-02"]


def reading(sequence: int) -> Reading:
    return Reading("life", "conveyor-00", sequence, sequence, 1.0)


def test_the_outbox_keeps_order_age_and_cap() -> None:
    now = [10.0]
    outbox = Outbox(2, clock=lambda: now[0])
    assert (outbox.room, outbox.oldest_age()) == (2, 0.0)
    outbox.add(reading(0), b"0")
    now[0] = 13.0
    outbox.add(reading(1), b"1")
    assert (len(outbox), outbox.room, outbox.oldest_age()) == (2, 0, 3.0)
    assert [entry.payload for entry in outbox.waiting()] == [b"0", b"1"]
    assert outbox.acknowledge(("conveyor-00", 0))
    assert not outbox.acknowledge(("conveyor-00", 0))
    assert (outbox.room, outbox.oldest_age()) == (1, 0.0)


def test_names() -> None:
    def resolve(name: str) -> None:
        if name == "gone":
            raise OSError("no such name")

    registry = CollectorRegistry()
    lookup = NamesLookup(("there", "gone"), registry, resolve)

    def exported(name: str) -> float | None:
        return registry.get_sample_value("conveyor_name_resolves", {"name": name})

    assert exported("there") == 0.0  # not looked up yet
    for name in ("there", "gone"):
        lookup.look_up(name)
    assert (exported("there"), exported("gone")) == (1.0, 0.0)


def record(message: str, *, name: str = "kafka.net", level: int = logging.WARNING, line: int = 7) -> logging.LogRecord:
    return logging.LogRecord(name, level, "file.py", line, message, (), None)


def test_a_log_line_is_one_json_object() -> None:
    line = JsonFormatter().format(record('a "quoted"\nmessage', name="producer", level=logging.INFO))
    assert "\n" not in line
    fields = json.loads(line)
    assert (fields["level"], fields["logger"], fields["message"]) == ("INFO", "producer", 'a "quoted"\nmessage')
    assert fields["time"].endswith("+00:00")


def test_an_exception_is_in_its_line() -> None:
    try:
        raise ValueError("of this kind")
    except ValueError as error:
        raised = record("failed")
        raised.exc_info = (type(error), error, error.__traceback__)
    assert "ValueError: of this kind" in json.loads(JsonFormatter().format(raised))["exception"]


def test_only_the_client_is_kept_from_repeating_itself() -> None:
    repeat = RepeatFilter()
    assert repeat.filter(record("attempt 1"))
    assert not repeat.filter(record("attempt 2"))
    assert repeat.filter(record("another place", line=8))
    assert repeat.filter(record("joined 1", level=logging.INFO))
    assert repeat.filter(record("joined 2", level=logging.INFO))
    assert not repeat.filter(record("joined 2", level=logging.INFO))
    assert all(repeat.filter(record("own", name="producer")) for _ in range(2))


def test_stop_ends_a_wait_at_once() -> None:
    stop = Stop()
    assert not stop.wait(0.001)
    threading.Timer(0.02, stop.request).start()
    began = time.monotonic()
    assert stop.wait(5.0)
    assert time.monotonic() - began < 2.0
    assert stop.wait(5.0)  # and stays so


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_request_a_stop(number: signal.Signals) -> None:
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        stop = Stop().on_signals()
        os.kill(os.getpid(), number)
        assert stop.wait(5.0)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
