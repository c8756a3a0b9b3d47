"""The audit's own producer, before a Kafka that takes some readings, refuses some and is silent about others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from kafka.errors import KafkaError

from pipeline_services.audit import producer
from pipeline_services.audit.producer import DEVICES, FIRST_DEVICE, AuditProducer
from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.model.message import Reading, decode
from pipeline_services.model.waiting import wait_until


class Answer:
    """What Kafka says of one reading, as soon as somebody listens."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def add_callback(self, taken: Callable[..., object], *arguments: object) -> None:
        if self.kind == "taken":
            taken(*arguments, None)

    def add_errback(self, not_taken: Callable[[object], object]) -> None:
        if self.kind == "refused":
            not_taken(KafkaError())


class Kafka:
    """Answers a reading by its number: ``kinds`` in turn."""

    kinds = ("taken",)

    def __init__(self, **_options: Any) -> None:
        self.sent: list[Reading] = []
        _KAFKAS.append(self)

    def send(self, topic: str, *, value: bytes, key: bytes) -> Answer:
        reading = decode(value)
        assert (topic, key.decode()) == ("readings", reading.device_id)
        self.sent.append(reading)
        kind = self.kinds[reading.sequence % len(self.kinds)]
        if kind == "full":
            raise KafkaError
        return Answer(kind)


_KAFKAS: list[Kafka] = []
Known = set[tuple[str, int]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producer, "KafkaProducer", Kafka)
    monkeypatch.setattr(producer, "discard", lambda _link: None)
    monkeypatch.setattr(producer, "TICK_S", 0.001)
    monkeypatch.setattr(producer, "ACKNOWLEDGED_WITHIN_S", 5.0)
    _KAFKAS.clear()


def played(kinds: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, **options: Any) -> tuple[AuditProducer, int]:
    """A producer that has had 40 readings acknowledged, and how many were never answered."""
    monkeypatch.setattr(Kafka, "kinds", kinds)
    with AuditProducer(1, "readings", rate=4_000.0, **options) as made:
        made.await_acknowledged(40)
        return made, made.finish(0.01)


def numbers(readings: list[Reading], kind: int, of: int) -> Known:
    return {(one.device_id, one.sequence) for one in readings if one.sequence % of == kind}


def acknowledged(made: AuditProducer) -> Known:
    return {(device, number) for (_, device), sequences in made.acknowledged.items() for number in sequences}


def attempted(made: AuditProducer) -> Known:
    return {(series[1], number) for series in made.attempted for number in made.attempted.sequences(series)}


def test_only_what_kafka_took_is_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    made, left = played(("taken", "refused", "silent", "full"), monkeypatch)
    [kafka] = _KAFKAS
    assert acknowledged(made) == numbers(kafka.sent, 0, 4)
    assert attempted(made) == numbers(kafka.sent, 0, 1)
    assert made.refused == len(numbers(kafka.sent, 1, 4)) + len(numbers(kafka.sent, 3, 4)) > 0
    assert left == made.open == len(numbers(kafka.sent, 2, 4)) > 0
    assert {one.producer_id for one in kafka.sent} == {made.producer_id}
    assert len({one.device_id for one in kafka.sent}) == DEVICES


def test_what_was_sent_is_known_by_its_content(monkeypatch: pytest.MonkeyPatch) -> None:
    made, left = played(("taken",), monkeypatch)
    series = made.producer_id, FIRST_DEVICE
    sent = [one for one in _KAFKAS[0].sent if one.device_id == FIRST_DEVICE]
    assert [*made.attempted.checksums(series)] == [one.checksum() for one in sent]
    assert left == 0


def test_a_control_is_entered_as_acknowledged_and_never_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    made, left = played(("taken",), monkeypatch, dropped=(1, 2))
    never = {(FIRST_DEVICE, 1), (FIRST_DEVICE, 2)}
    assert acknowledged(made) - numbers(_KAFKAS[0].sent, 0, 1) == never
    assert attempted(made) == acknowledged(made)
    assert left == 0


def test_without_answers_no_more_than_so_many_readings_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producer, "MAX_OPEN", 43)
    monkeypatch.setattr(Kafka, "kinds", ("taken", "silent"))
    with AuditProducer(1, "readings", rate=100_000.0) as made:
        wait_until(lambda: made.open >= 43, within=5, what="the most that may be open", every=0.01)
        assert made.finish(0.01) == 43
    assert len(attempted(made)) == len(acknowledged(made)) + 43


def test_nothing_is_sent_any_more_behind_the_block() -> None:
    before = threading.active_count()
    with AuditProducer(1, "readings"):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_a_kafka_that_is_away_is_told_on_entering(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_options: Any) -> None:
        raise KafkaError("no brokers available")

    monkeypatch.setattr(producer, "KafkaProducer", away)
    with pytest.raises(ServiceUnreachable, match=r"the audit's producer cannot reach Kafka: .*no brokers"):
        AuditProducer(1, "readings").__enter__()
