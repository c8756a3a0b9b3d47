"""The records of a topic as they are kept and compared, and where a group goes on in a copy. Pure.

A copy's numbers are others, since its partitions begin at 0: a record is known by its content, which holds its id.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from operator import itemgetter
from typing import Any

from pipeline_services.model.errors import UnexpectedAnswer
from pipeline_services.model.message import MalformedReading, decode

Place = tuple[str, int]
"""Topic and partition."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its offset where it was read, its time (ms since the epoch), and all of its content."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()

    @property
    def content(self) -> tuple[object, ...]:
        """What has to be the same in a copy."""
        return (self.timestamp_ms, self.key, self.value, self.headers)

    def __str__(self) -> str:
        try:
            reading = decode(self.value)
        except MalformedReading:
            return f"a record that is no reading (offset {self.offset})"
        return f"{reading.producer_id}/{reading.device_id}#{reading.sequence}"


def to_line(record: Record) -> str:
    headers = [[name, _text(value)] for name, value in record.headers]
    return json.dumps([record.offset, record.timestamp_ms, _text(record.key), _text(record.value), headers])


def from_line(line: str) -> Record:
    """Back from a line. Raises UnexpectedAnswer where it is something else."""
    try:
        offset, at, key, value, headers = json.loads(line)
        return Record(offset, at, _bytes(key), _bytes(value), tuple((name, _bytes(one)) for name, one in headers))
    except (ValueError, TypeError) as error:
        raise UnexpectedAnswer(f"a record of a backup cannot be read: {line[:80]!r}") from error


def first_difference(place: Place, expected: Iterable[Record], found: Iterable[Record]) -> str:
    """The first record of a partition that a copy lacks, has too much or has otherwise; empty where there is none."""
    where = f"{place[0]}/{place[1]}"
    for number, (one, other) in enumerate(zip_longest(expected, found)):
        if other is None:
            return f"{where}: {one} is missing; the copy ends before record {number}"
        if one is None:
            return f"{where}: {other} was never stored (record {number})"
        if one.content != other.content:
            return f"{where}: record {number} is {other}; stored was {one}{_how(one, other)}"
    return ""


def _how(expected: Record, found: Record) -> str:
    names = ("timestamp", "key", "value", "headers")
    pairs = zip(names, expected.content, found.content, strict=True)
    return f" ({', '.join(name for name, one, other in pairs if one != other)} differ)"


def position_in_copy(records: Sequence[Record], committed: int) -> int:
    """Where in a copy, whose partitions begin at 0, the record is that follows a committed offset."""
    return sum(record.offset < committed for record in records)


def resumed_wrongly(expected: Mapping[Place, Record | None], found: Mapping[Place, Record | None]) -> list[str]:
    """Where a group that goes on in a copy gets another record than it would have got, a line each. None: with none."""
    return [
        f"{topic}/{number}: the group goes on with {found.get((topic, number)) or 'nothing'}; "
        f"expected {record or 'nothing'}"
        for (topic, number), record in sorted(expected.items(), key=itemgetter(0))
        if _content(found.get((topic, number))) != _content(record)
    ]


def _content(record: Record | None) -> tuple[object, ...] | None:
    return record.content if record else None


def topics_differing(expected: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Topics, partitions and settings that a copy has not as they were, a line each."""
    return [
        f"topic {name} is {found.get(name, 'missing')}; stored was {known}"
        for name, known in sorted(expected.items())
        if found.get(name) != known
    ]


def _text(data: bytes | None) -> str | None:
    return None if data is None else b64encode(data).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else b64decode(text, validate=True)
