"""The records of one poll on their way to the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pipeline_services.apps.store import line
from pipeline_services.model.message import MalformedReading, decode

Partition = Any  # kafka.TopicPartition: (topic, partition)


class Record(Protocol):
    """What is used of a record of the Kafka client."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Good:
    """A reading that is to be written."""

    record: Record
    line: bytes
    event_time_ns: int


@dataclass(frozen=True, slots=True)
class Bad:
    """A record that is to be dead-lettered, with the reason: one stable word, and the detail."""

    record: Record
    reason: str
    detail: str


@dataclass(slots=True)
class Parcel:
    """What came in one poll."""

    good: list[Good] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.good) + len(self.bad)


def pack(polled: Mapping[Partition, Sequence[Record]]) -> Parcel:
    """Decode what a poll returned; what cannot be decoded is bad with the reason it gave."""
    parcel = Parcel()
    for records in polled.values():
        for record in records:
            try:
                reading = decode(record.value)
            except MalformedReading as error:
                parcel.bad.append(Bad(record, error.reason, error.detail))
            else:
                parcel.good.append(Good(record, line(reading), reading.event_time_ns))
    return parcel
