"""What the topic holds, read from one set of offsets to another without a consumer group."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from pipeline_services.audit.records import TopicLog
from pipeline_services.clients.kafka_broker import through
from pipeline_services.model.errors import NoData, ServiceUnreachable
from pipeline_services.model.message import MalformedReading, Reading, decode

POLL_MS: Final = 500
STALLED_AFTER_S: Final = 30.0
"""Seconds without a record after which the rest is given up."""


Sort = Callable[[Reading], TopicLog | None]
"""Which log a reading belongs to; None for one that is left out."""


def read_topic(port: int, topic: str, start: Mapping[int, int], end: Mapping[int, int], sort: Sort) -> None:
    """Enter the readings from ``start`` up to, not with, ``end``, by partition, into the logs that ``sort`` names.

    Raises:
        ServiceUnreachable: Kafka does not answer.
        NoData: it does, and the records do not come.
    """
    left = {TopicPartition(topic, number): offset for number, offset in end.items() if offset > start[number]}
    if not left:
        return
    try:
        consumer = _consumer(port)
        try:
            _read(consumer, start, left, sort)
        finally:
            consumer.close(autocommit=False)
    except KafkaError as error:
        raise ServiceUnreachable(f"the topic {topic} cannot be read: {error}") from error


def _consumer(port: int) -> Any:
    return KafkaConsumer(
        **through(port),
        group_id=None,
        enable_auto_commit=False,
        max_poll_records=5_000,
        request_timeout_ms=10_000,
        reconnect_backoff_max_ms=500,
    )


def _read(consumer: Any, start: Mapping[int, int], left: dict[TopicPartition, int], sort: Sort) -> None:
    partitions = list(left)
    consumer.assign(partitions)
    for partition in partitions:
        consumer.seek(partition, start[partition.partition])
    moved = time.monotonic()
    while left:
        polled = consumer.poll(timeout_ms=POLL_MS)
        if polled:
            moved = time.monotonic()
        elif time.monotonic() - moved > STALLED_AFTER_S:
            wanted = ", ".join(f"{one.topic}/{one.partition} up to {end}" for one, end in left.items())
            raise NoData(f"no record came for {STALLED_AFTER_S:g} s; still wanted: {wanted}")
        for partition, records in polled.items():
            _enter(records, left.get(partition, 0), sort)
        for partition in list(left):
            if consumer.position(partition) >= left[partition]:
                del left[partition]
                consumer.pause(partition)


def _enter(records: list[Any], end: int, sort: Sort) -> None:
    for record in records:
        if record.offset >= end:
            return
        try:
            reading = decode(record.value)
        except MalformedReading:
            continue  # not a reading: the dead-letter topic's matter, not the ledger's
        log = sort(reading)
        if log is not None:
            series = (reading.producer_id, reading.device_id)
            log.add(record.partition, record.offset, series, reading.sequence, reading.checksum())
