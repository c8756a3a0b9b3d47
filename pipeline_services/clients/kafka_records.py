"""What a topic holds, read from one set of offsets to another without a consumer group."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from pipeline_services.clients.kafka_broker import Link, link_of
from pipeline_services.model.errors import NoData, ServiceUnreachable

POLL_MS: Final = 500
STALLED_AFTER_S: Final = 30.0
"""Seconds without a record after which the rest is given up."""


@contextmanager
def consumer(where: Link, what: str) -> Iterator[Any]:
    """A consumer without a group.

    Args:
        what: is read, for the error.

    Raises:
        ServiceUnreachable: Kafka does not answer, at first or within the block.
    """
    try:
        made = KafkaConsumer(
            **link_of(where),
            group_id=None,
            enable_auto_commit=False,
            max_poll_records=5_000,
            request_timeout_ms=10_000,
            reconnect_backoff_max_ms=500,
        )
        try:
            yield made
        finally:
            made.close(autocommit=False)
    except KafkaError as error:
        raise ServiceUnreachable(f"{what} cannot be read: {error}") from error


def read_records(
    where: Link, topic: str, start: Mapping[int, int], end: Mapping[int, int], enter: Callable[[Any], None]
) -> None:
    """Hand over each record from ``start`` up to, not with, ``end``, by partition.

    Raises:
        ServiceUnreachable: Kafka does not answer.
        NoData: it does, and the records do not come.
    """
    if any(offset > start[number] for number, offset in end.items()):
        with consumer(where, f"the topic {topic}") as reader:
            for record in records_between(reader, topic, start, end):
                enter(record)


def records_between(reader: Any, topic: str, start: Mapping[int, int], end: Mapping[int, int]) -> Iterator[Any]:
    """The records from ``start`` up to, not with, ``end``, by partition; of each partition in their order.

    Raises:
        NoData: they do not come.
    """
    left = {TopicPartition(topic, number): offset for number, offset in end.items() if offset > start[number]}
    reader.assign(list(left))
    for partition in left:
        reader.seek(partition, start[partition.partition])
    moved = time.monotonic()
    while left:
        polled = reader.poll(timeout_ms=POLL_MS)
        if polled:
            moved = time.monotonic()
        elif time.monotonic() - moved > STALLED_AFTER_S:
            wanted = ", ".join(f"{one.topic}/{one.partition} up to {stop}" for one, stop in left.items())
            raise NoData(f"no record came for {STALLED_AFTER_S:g} s; still wanted: {wanted}")
        for partition, records in polled.items():
            yield from (record for record in records if record.offset < left.get(partition, 0))
        for partition in list(left):
            if reader.position(partition) >= left[partition]:
                del left[partition]
                reader.pause(partition)


def offsets_since(
    where: Link, topic: str, partitions: list[int], since: float
) -> tuple[dict[int, int], dict[int, int]]:
    """The first offset that each partition still has, and the first of a message that came since then.

    Args:
        since: epoch seconds.

    Raises:
        ServiceUnreachable: Kafka does not answer.
    """
    wanted = [TopicPartition(topic, number) for number in partitions]
    with consumer(where, f"the topic {topic}") as reader:
        first, window = reader.beginning_offsets(wanted), window_since(reader, wanted, int(since * 1000))
    return {one.partition: first[one] for one in wanted}, {one.partition: window[one][0] for one in wanted}


def window_since(
    reader: Any, partitions: Sequence[TopicPartition], since_ms: int
) -> dict[TopicPartition, tuple[int, int]]:
    """By partition the offset of the first record that is no older (ms since the epoch), and where it ends.

    The ends are asked for first: what comes meanwhile is then beyond them, and not before a start.
    """
    ends = reader.end_offsets(partitions)
    starts = reader.offsets_for_times(dict.fromkeys(partitions, since_ms))
    return {one: (starts[one].offset if starts.get(one) else ends[one], ends[one]) for one in partitions}
