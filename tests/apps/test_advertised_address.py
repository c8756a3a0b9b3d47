"""A client that learned a wrong address of the broker forgets it once the broker tells the right one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from kafka.errors import KafkaError
from prometheus_client import CollectorRegistry

from pipeline_services.apps import consumer, kafka_link, producer
from pipeline_services.apps.config import KafkaConfig, ProducerConfig
from pipeline_services.apps.consumer import Consumer
from pipeline_services.apps.health import Heart
from pipeline_services.apps.producer import Producer
from pipeline_services.apps.stopping import Stop
from pipeline_services.model.waiting import wait_until
from tests.apps.fake_broker import TOPIC, FakeBroker, fake_broker


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    with fake_broker() as broker:
        yield broker


@pytest.fixture
def nobody() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture(autouse=True)
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.apps.fake_broker.IDLE_FETCH", 0.01)
    monkeypatch.setattr(kafka_link, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(consumer, "CALL_MS", 300)
    monkeypatch.setattr(consumer, "HOUSE_EVERY", 0.05)
    monkeypatch.setattr(consumer, "STALLED_AFTER", 0.6)
    monkeypatch.setattr(producer, "STALLED_AFTER", 0.6)
    monkeypatch.setattr(producer, "WAITS_AFTER", 0.2)
    monkeypatch.setattr(producer, "ROUND", 0.02)


def config(broker: FakeBroker) -> KafkaConfig:
    return KafkaConfig((broker.bootstrap,), TOPIC, TOPIC, 1, "group")


def lag(member: Consumer) -> dict[int, int] | None:
    """One turn of the processor with Kafka alone; None without an answer."""
    with suppress(KafkaError):
        if member.connected or member.connect():
            member.poll(50)
            return member.lag() or None
    return None


def until(what: Callable[[], object], within: float = 15.0) -> None:
    wait_until(lambda: bool(what()), within=within, what="it", every=0.01)


def learns(member: Consumer, broker: FakeBroker, wrong: int) -> None:
    """Connections break, twice: at the first the address is asked for, at the second it is used."""
    until(lambda: lag(member))
    broker.restart(wrong)
    until(lambda: (lag(member), consumer_learned(member, wrong))[1])
    broker.restart(broker.port)
    until(lambda: asks_in_vain(member))


def consumer_learned(member: Consumer, port: int) -> bool:
    """Whether the client has taken the answer; one that was cut off on its way never asks in vain."""
    known = member._consumer._cluster.brokers() if member._consumer else ()
    return port in [one.port for one in known]


def asks_in_vain(member: Consumer) -> bool:
    try:
        member.lag()
    except KafkaError:
        return True
    return False


def test_the_consumer_alone_would_ask_the_wrong_address_for_ever(broker: FakeBroker, nobody: int) -> None:
    member = Consumer(config(broker), 100)
    learns(member, broker, nobody)
    assert [lag(member) for _ in range(5)] == [None] * 5
    member.close()


def test_the_consumer_begins_again_at_the_configured_address(broker: FakeBroker, nobody: int) -> None:
    member = Consumer(config(broker), 100)
    learns(member, broker, nobody)

    def turn() -> object:
        member.leave_if_stalled()
        return lag(member)

    until(turn)
    member.close()


def test_a_consumer_that_is_answered_is_left_alone(broker: FakeBroker) -> None:
    member = Consumer(config(broker), 100)
    until(lambda: lag(member))
    at_first = member._consumer
    for _ in range(20):
        lag(member)
        member.leave_if_stalled()
    assert member._consumer is at_first
    member.close()


def test_while_the_address_is_wrong_no_attempt_leaves_a_thread_behind(broker: FakeBroker, nobody: int) -> None:
    broker.advertised = nobody
    member = Consumer(config(broker), 100)
    assert not member.connect()
    before = threading.active_count()
    assert [member.connect() for _ in range(5)] == [False] * 5
    until(lambda: threading.active_count() <= before)


def producer_learned(app: Producer, port: int) -> bool:
    """The same of a producer."""
    return app._link is not None and port in [one.port for one in app._link._metadata.brokers()]


def test_the_producer_begins_again_at_the_configured_address(broker: FakeBroker, nobody: int) -> None:
    stop = Stop()
    settings = ProducerConfig(config(broker), rate=50, devices=1, max_unacknowledged=1_000, port=0, looked_up=())
    registry = CollectorRegistry()
    app = Producer(settings, stop, Heart(dump_when_stuck=False), registry)
    running = threading.Thread(target=app.run)
    running.start()
    try:
        until(lambda: broker.produced)
        broker.restart(nobody)
        until(lambda: producer_learned(app, nobody))
        broker.restart(broker.port)
        until(lambda: len(app._outbox) == 0 and registry.get_sample_value("conveyor_produce_failures_total"))
    finally:
        stop.request()
        running.join()
