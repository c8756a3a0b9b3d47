"""Records between offsets, from a consumer made by hand; what does not come is no data, never an empty answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.errors import KafkaConnectionError

from pipeline_services.clients import kafka_records
from pipeline_services.clients.kafka_records import consumer, offsets_since, read_records, records_between
from pipeline_services.model.errors import NoData, ServiceUnreachable

P0, P1 = TopicPartition("t", 0), TopicPartition("t", 1)


@dataclass
class Consumer:
    """Hands out two records a poll of each partition that is not paused; those of ``lost`` never."""

    ends: dict[TopicPartition, int]
    lost: tuple[int, ...] = ()
    at: dict[TopicPartition, int] = field(default_factory=dict)
    arrives: int = 0
    closed: bool = False

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.at = dict.fromkeys(partitions, 0)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.at[partition] = offset

    def pause(self, partition: TopicPartition) -> None:
        del self.ends[partition]

    def position(self, partition: TopicPartition) -> int:
        return self.at[partition]

    def poll(self, timeout_ms: int) -> dict[TopicPartition, list[Any]]:
        polled = {}
        for one, end in self.ends.items():
            offsets = [offset for offset in range(self.at[one], min(self.at[one] + 2, end)) if offset not in self.lost]
            if offsets:
                polled[one] = [SimpleNamespace(partition=one.partition, offset=offset) for offset in offsets]
                self.at[one] = offsets[-1] + 1
        return polled

    def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 1)

    def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        found = {one: self.ends[one] for one in partitions}
        self.ends = {one: end + self.arrives for one, end in self.ends.items()}
        return found

    def offsets_for_times(self, times: dict[TopicPartition, int]) -> dict[TopicPartition, Any]:
        return {one: SimpleNamespace(offset=self.ends[one] - 3) if one == P0 else None for one in times}

    def close(self, *, autocommit: bool) -> None:
        self.closed = True


def read(reader: Consumer, start: dict[int, int], end: dict[int, int]) -> list[tuple[int, int]]:
    return sorted((one.partition, one.offset) for one in records_between(reader, "t", start, end))


def test_each_partition_is_read_up_to_its_own_end() -> None:
    reader = Consumer({P0: 9, P1: 9})
    assert read(reader, {0: 1, 1: 7}, {0: 4, 1: 9}) == [(0, 1), (0, 2), (0, 3), (1, 7), (1, 8)]


def test_a_partition_with_nothing_to_read_is_not_waited_for() -> None:
    reader = Consumer({P0: 3})
    assert read(reader, {0: 0, 1: 5}, {0: 1, 1: 5}) == [(0, 0)]
    read_records(1, "t", {0: 3}, {0: 3}, pytest.fail)  # asks nobody: nothing listens on that port


def test_what_does_not_come_is_no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_records, "STALLED_AFTER_S", 0.0)
    with pytest.raises(NoData, match="still wanted: t/0 up to 4"):
        read(Consumer({P0: 9}, lost=(2, 3)), {0: 0}, {0: 4})


def test_what_arrives_meanwhile_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Consumer({P0: 5, P1: 5}, arrives=1)
    monkeypatch.setattr(kafka_records, "KafkaConsumer", lambda **_: made)
    assert offsets_since(1, "t", [0, 1], 0.0) == ({0: 1, 1: 1}, {0: 3, 1: 5})
    assert made.closed


def test_an_error_of_kafka_is_one_of_ours_and_nothing_is_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Consumer({})
    monkeypatch.setattr(kafka_records, "KafkaConsumer", lambda **_: made)
    with pytest.raises(ServiceUnreachable, match="the topic t cannot be read"), consumer(1, "the topic t"):
        raise KafkaConnectionError
    assert made.closed
