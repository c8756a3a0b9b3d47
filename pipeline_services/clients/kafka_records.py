"""What the topic holds, read from one set of offsets to another without a consumer group."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from pipeline_services.clients.kafka_broker import through
from pipeline_services.model.errors import NoData, ServiceUnreachable

POLL_MS: Final = 500
STALLED_AFTER_S: Final = 30.0
"""Seconds without a record after which the rest is given up."""


def read_records(
    port: int, topic: str, start: Mapping[int, int], end: Mapping[int, int], enter: Callable[[Any], None]
) -> None:
    """Hand over each record from ``start`` up to, not with, ``end``, by partition.

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
            _read(consumer, start, left, enter)
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


def _read(
    consumer: Any, start: Mapping[int, int], left: dict[TopicPartition, int], enter: Callable[[Any], None]
) -> None:
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
            for record in records:
                if record.offset < left.get(partition, 0):
                    enter(record)
        for partition in list(left):
            if consumer.position(partition) >= left[partition]:
                del left[partition]
                consumer.pause(partition)


def offsets_since(port: int, topic: str, partitions: list[int], since: float) -> tuple[dict[int, int], dict[int, int]]:
    """The first offset that each partition still has, and the first of a message that came since then.

    Args:
        since: epoch seconds.

    Raises:
        ServiceUnreachable: Kafka does not answer.
    """
    wanted = [TopicPartition(topic, number) for number in partitions]
    try:
        consumer = _consumer(port)
        try:
            first = consumer.beginning_offsets(wanted)
            later = consumer.offsets_for_times(dict.fromkeys(wanted, int(since * 1000)))
            ends = consumer.end_offsets(wanted)
        finally:
            consumer.close(autocommit=False)
    except KafkaError as error:
        raise ServiceUnreachable(f"the offsets of {topic} cannot be read: {error}") from error
    start = {one: later[one].offset if later.get(one) else ends[one] for one in wanted}
    return {one.partition: first[one] for one in wanted}, {one.partition: start[one] for one in wanted}
