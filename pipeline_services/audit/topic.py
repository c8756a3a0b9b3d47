"""The readings of a topic, entered into the logs of the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pipeline_services.audit.records import TopicLog
from pipeline_services.clients.kafka_records import read_records
from pipeline_services.model.message import MalformedReading, Reading, decode

Sort = Callable[[Reading], TopicLog | None]
"""Which log a reading belongs to; None for one that is left out."""


def read_topic(port: int, topic: str, start: Mapping[int, int], end: Mapping[int, int], sort: Sort) -> None:
    """Enter the readings from ``start`` up to, not with, ``end``, by partition, into the logs that ``sort`` names.

    Raises:
        ServiceUnreachable: Kafka does not answer.
        NoData: it does, and the records do not come.
    """
    read_records(port, topic, start, end, lambda record: _enter(record, sort))


def _enter(record: Any, sort: Sort) -> None:
    try:
        reading = decode(record.value)
    except MalformedReading:
        return  # not a reading: the dead-letter topic's matter, not the ledger's
    log = sort(reading)
    if log is not None:
        series = (reading.producer_id, reading.device_id)
        log.add(record.partition, record.offset, series, reading.sequence, reading.checksum())
