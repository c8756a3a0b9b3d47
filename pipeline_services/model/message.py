"""A conveyor sensor's reading as it travels: JSON in Kafka, numbered and checksummed.

The checksum covers every field, so that a reading that was altered anywhere between the sensor and the store is told
from one that was lost. Floats survive the journey exactly: Python, JSON and InfluxDB all keep the shortest decimal
that stands for the same 64 bits.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final
from zlib import crc32

MAX_SEQUENCE: Final = 2**63 - 1
MAX_EVENT_TIME_NS: Final = 2**63 - 2  # the last nanosecond that InfluxDB takes
# What needs no escaping in JSON, in line protocol or in a URL.
_is_identifier: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}").fullmatch


class MalformedReading(ValueError):
    """The bytes are not a reading.

    ``reason`` is one of: empty, not-json, not-an-object, missing-field, wrong-type, out-of-range, bad-identifier,
    bad-checksum. It is stable, so that it can be a header or a metric's label.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one sensor. ``sequence`` counts from 0 without gaps per (producer_id, device_id).

    ``producer_id`` is new for each life of a producer. ``event_time_ns`` is in nanoseconds since the epoch, UTC, and
    never the same for two readings of one series: it is part of the stored point's identity.
    """

    producer_id: str
    device_id: str
    sequence: int
    event_time_ns: int
    value: float

    def checksum(self) -> int:
        """CRC-32 over all fields."""
        return crc32(
            f"{self.producer_id},{self.device_id},{self.sequence},{self.event_time_ns},{self.value!r}".encode()
        )


def encode(reading: Reading) -> bytes:
    """The reading as it goes into Kafka. Raises MalformedReading for a reading that ``decode`` would refuse."""
    _verify(reading)
    return (
        f'{{"producer_id":"{reading.producer_id}","device_id":"{reading.device_id}","sequence":{reading.sequence},'
        f'"event_time_ns":{reading.event_time_ns},"value":{reading.value!r},"checksum":{reading.checksum()}}}'
    ).encode()


def decode(raw: bytes | None) -> Reading:
    """The reading in a Kafka record's value, verified. Unknown further fields are allowed.

    Raises:
        MalformedReading: saying why it is none.
    """
    fields = _parse(raw)
    try:
        value = fields["value"]
        if type(value) is int and -(2**53) <= value <= 2**53:
            value = float(value)
        checksum = fields["checksum"]
        reading = Reading(
            fields["producer_id"], fields["device_id"], fields["sequence"], fields["event_time_ns"], value
        )
    except KeyError as missing:
        raise MalformedReading("missing-field", str(missing.args[0])) from None
    _verify(reading)
    if type(checksum) is not int or checksum != reading.checksum():
        raise MalformedReading("bad-checksum", f"{str(checksum)[:80]} does not match the fields")
    return reading


def _parse(raw: bytes | None) -> dict[str, Any]:
    if not raw:
        raise MalformedReading("empty", "no bytes")
    try:
        fields = json.loads(raw.decode())
    except (ValueError, RecursionError) as error:
        raise MalformedReading("not-json", str(error)[:200]) from None
    if type(fields) is not dict:
        raise MalformedReading("not-an-object", f"JSON {type(fields).__name__}")
    return fields


def _verify(reading: Reading) -> None:
    """The types are looked at exactly: a ``bool`` is no sequence, and nothing but a ``float`` is a value."""
    producer_id, device_id, value = reading.producer_id, reading.device_id, reading.value
    if type(producer_id) is not str or type(device_id) is not str:
        raise MalformedReading(
            "wrong-type", f"producer_id {producer_id!r:.80}, device_id {device_id!r:.80}: not strings"
        )
    if not (_is_identifier(producer_id) and _is_identifier(device_id)):
        raise MalformedReading("bad-identifier", f"producer_id {producer_id!r:.80}, device_id {device_id!r:.80}")
    sequence, event_time_ns = reading.sequence, reading.event_time_ns
    if type(sequence) is not int or type(event_time_ns) is not int:
        raise MalformedReading(
            "wrong-type", f"sequence {sequence!r:.80}, event_time_ns {event_time_ns!r:.80}: not integers"
        )
    if not (0 <= sequence <= MAX_SEQUENCE and 0 <= event_time_ns <= MAX_EVENT_TIME_NS):
        raise MalformedReading("out-of-range", f"sequence {sequence!r:.80}, event_time_ns {event_time_ns!r:.80}")
    if type(value) is not float:
        raise MalformedReading("wrong-type", f"value {value!r:.80} is not a number")
    if not isfinite(value):
        raise MalformedReading("out-of-range", f"value {value!r}")
