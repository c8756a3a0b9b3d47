"""Offsets: only what was delivered is committed, and never for a partition that was away in between."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.errors import CommitFailedError

from pipeline_services.apps import consumer as module
from pipeline_services.apps.config import KafkaConfig
from pipeline_services.apps.consumer import Consumer

P0, P1, P2 = (TopicPartition("t", number) for number in range(3))
CONFIG = KafkaConfig(("broker:9092",), "t", "d", 3, "group")


class FakeKafka:
    """The client with a broker of one's own making: re-balances at will, commits that fail."""

    def __init__(self, **_: Any) -> None:
        self.listener: Any = None
        self.owned: set[TopicPartition] = set()
        self.paused_now: set[TopicPartition] = set()
        self.next: dict[TopicPartition, list[int]] = {}
        self.during_poll: list[Any] = []
        self.commits: list[dict[int, int]] = []
        self.fail_commit: Exception | None = None
        self.sought: dict[TopicPartition, int] = {}
        self.closed = False

    def subscribe(self, _: list[str], listener: Any) -> None:
        self.listener = listener

    def partitions_for_topic(self, _: str) -> set[int]:
        return {0, 1, 2}

    def assign(self, *owned: TopicPartition) -> None:
        self.listener.on_partitions_revoked(self.owned)
        self.owned = set(owned)
        self.listener.on_partitions_assigned(self.owned)

    def lose(self) -> None:
        self.listener.on_partitions_lost(self.owned)
        self.owned = set()

    def poll(self, timeout_ms: int) -> dict[TopicPartition, list[SimpleNamespace]]:
        for happens in self.during_poll:
            happens()
        self.during_poll = []
        polled = {p: offsets for p, offsets in self.next.items() if p in self.owned - self.paused_now}
        self.next = {p: offsets for p, offsets in self.next.items() if p not in polled}
        return {p: [SimpleNamespace(offset=offset) for offset in offsets] for p, offsets in polled.items()}

    def commit(self, offsets: dict[TopicPartition, Any], timeout_ms: int) -> None:
        if self.fail_commit:
            raise self.fail_commit
        self.commits.append({p.partition: at.offset for p, at in offsets.items()})

    def assignment(self) -> set[TopicPartition]:
        return self.owned

    def paused(self) -> set[TopicPartition]:
        return self.paused_now

    def pause(self, *partitions: TopicPartition) -> None:
        self.paused_now |= set(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self.paused_now -= set(partitions)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.sought[partition] = offset

    def end_offsets(self, partitions: Iterable[TopicPartition], timeout_ms: int) -> dict[TopicPartition, int]:
        return {partition: 100 + partition.partition for partition in partitions}

    def beginning_offsets(self, partitions: Iterable[TopicPartition], timeout_ms: int) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 5)

    def committed(self, partition: TopicPartition, timeout_ms: int) -> int | None:
        return None if partition == P0 else 50

    def close(self, autocommit: bool, timeout_ms: int) -> None:
        assert not autocommit
        self.closed = True


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> list[FakeKafka]:
    made: list[FakeKafka] = []

    def make(**settings: Any) -> FakeKafka:
        assert settings["enable_auto_commit"] is False
        assert settings["auto_offset_reset"] == "earliest"
        made.append(FakeKafka())
        return made[-1]

    monkeypatch.setattr(module, "KafkaConsumer", make)
    monkeypatch.setattr(module, "ensure_topics", lambda config: None)
    monkeypatch.setattr(module, "unreachable", lambda config: None)
    monkeypatch.setattr(module, "RETRY_COMMIT", 0.0)
    monkeypatch.setattr(module, "HOUSE_EVERY", 0.0)
    return made


@pytest.fixture
def consumer(clients: list[FakeKafka]) -> Consumer:
    consumer = Consumer(CONFIG, 100)
    assert consumer.connect()
    clients[0].assign(P0, P1)
    return consumer


@pytest.fixture
def kafka(consumer: Consumer, clients: list[FakeKafka]) -> FakeKafka:
    return clients[0]


def test_nothing_is_committed_before_it_is_delivered(consumer: Consumer, kafka: FakeKafka) -> None:
    kafka.next = {P0: [7, 8], P1: [3]}
    assert sorted(consumer.poll(0)) == [P0, P1]
    consumer.commit()
    assert kafka.commits == []
    consumer.delivered()
    consumer.commit()
    consumer.commit()
    assert kafka.commits == [{0: 9, 1: 4}]


def test_a_commit_that_failed_is_still_owed(consumer: Consumer, kafka: FakeKafka) -> None:
    kafka.next = {P0: [7]}
    consumer.poll(0)
    consumer.delivered()
    kafka.fail_commit = CommitFailedError("re-balancing")
    consumer.commit()
    kafka.fail_commit = None
    kafka.next = {P1: [3]}
    consumer.poll(0)
    consumer.delivered()
    consumer.commit()
    assert kafka.commits == [{0: 8, 1: 4}]


def test_a_partition_that_stays_over_a_rebalance_is_still_committed(consumer: Consumer, kafka: FakeKafka) -> None:
    kafka.next = {P0: [7], P1: [3]}
    consumer.poll(0)
    kafka.during_poll = [lambda: kafka.assign(P0)]
    consumer.stand_by(0)
    consumer.delivered()
    consumer.commit()
    assert kafka.commits == [{0: 8}]


@pytest.mark.parametrize("how", ["revoked and given back", "lost and given back"])
def test_a_partition_that_was_away_in_between_is_not(consumer: Consumer, kafka: FakeKafka, how: str) -> None:
    kafka.next = {P0: [7]}
    consumer.poll(0)
    away = kafka.lose if how.startswith("lost") else lambda: kafka.assign(P1)
    kafka.during_poll = [away, lambda: kafka.assign(P0, P1)]
    consumer.stand_by(0)
    consumer.delivered()
    consumer.commit()
    assert kafka.commits == []


def test_a_member_that_was_left_behind_owes_nothing(consumer: Consumer, kafka: FakeKafka) -> None:
    kafka.next = {P0: [7]}
    consumer.poll(0)
    consumer.delivered()
    kafka.fail_commit = CommitFailedError("unknown member")
    kafka.lose()
    consumer.commit()
    kafka.fail_commit = None
    consumer.commit()
    assert kafka.commits == []


def test_standing_by_takes_nothing(consumer: Consumer, kafka: FakeKafka) -> None:
    kafka.next = {P0: [7], P1: [3]}
    consumer.stand_by(0)
    assert kafka.paused_now == {P0, P1}
    assert len(consumer.poll(0)) == 2
    assert kafka.paused_now == set()


def test_what_a_fresh_partition_brings_while_standing_by_is_put_back(consumer: Consumer, kafka: FakeKafka) -> None:
    kafka.next = {P2: [11, 12]}
    kafka.during_poll = [lambda: kafka.assign(P0, P1, P2)]
    consumer.stand_by(0)
    assert kafka.sought == {P2: 11}


def test_lag_counts_from_the_committed_offset(consumer: Consumer, kafka: FakeKafka) -> None:
    assert consumer.lag() == {0: 95, 1: 51}  # never committed: from the beginning of the partition
    kafka.next = {P0: [98]}
    consumer.poll(0)
    assert consumer.lag() == {0: 95, 1: 51}
    consumer.delivered()
    consumer.commit()
    assert consumer.lag() == {0: 1, 1: 51}
    kafka.assign(P1)
    assert consumer.lag() == {1: 51}


def test_a_member_that_is_left_out_begins_anew(
    consumer: Consumer, clients: list[FakeKafka], monkeypatch: pytest.MonkeyPatch
) -> None:
    consumer.leave_if_left_out()
    assert consumer.connected
    clients[0].assign()
    monkeypatch.setattr(module, "NO_ASSIGNMENT_FOR", -1.0)
    consumer.leave_if_left_out()
    assert (consumer.connected, clients[0].closed) == (False, True)
    assert consumer.connect()
    assert len(clients) == 2


def test_there_is_no_consumer_without_a_broker(clients: list[FakeKafka], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "unreachable", lambda config: OSError("refused"))
    consumer = Consumer(CONFIG, 100)
    assert not consumer.connect()
    assert (clients, consumer.connected) == ([], False)
