"""A producer whose connection hangs while it is made waits for it asleep."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final

import pytest
from kafka import KafkaProducer
from kafka.net.compat import KafkaNetClient

from pipeline_services.apps.kafka_link import PRODUCER, discard
from pipeline_services.apps.patient_client import LEAST_DELAY_MS, PatientClient
from pipeline_services.model.waiting import wait_until
from tests.apps.fake_broker import TOPIC, fake_broker

MOST_LOOKS: Final = 15  # in a second: one in LEAST_DELAY_MS, and some for what comes


@pytest.fixture
def hanging() -> Iterator[int]:
    """A port at which connections hang while they are made: its queue is full, and nobody empties it."""
    with ExitStack() as held:
        full = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect(full.getsockname())
        yield int(full.getsockname()[1])


@contextmanager
def connecting(port: int, **settings: Any) -> Iterator[KafkaProducer]:
    """The apps' producer, with a reading to send, while its connection to the broker hangs at this port."""
    with fake_broker() as broker:
        link = KafkaProducer(bootstrap_servers=[broker.bootstrap], **PRODUCER | settings)
        try:
            link.send(TOPIC, b"sent").get(timeout=10)
            broker.restart(port)
            wait_until(lambda: port in broker.told, within=10, what="the new address", every=0.01)
            broker.restart(port)
            unsent = link.send(TOPIC, b"unsent")
            yield link
            assert not unsent.is_done
        finally:
            discard(link)


class Rounds:
    """How often a producer's thread looks whether it can send, by a client of which it is told."""

    def __init__(self, client: type[KafkaNetClient]) -> None:
        self.number = 0

        def poll(of: KafkaNetClient, *arguments: Any, **settings: Any) -> Any:
            self.number += 1
            return client.poll(of, *arguments, **settings)

        self.client = type(f"Counted{client.__name__}", (client,), {"poll": poll})


def test_the_apps_producer_looks_now_and_then_while_it_connects(hanging: int) -> None:
    assert PRODUCER["kafka_client"] is PatientClient
    rounds = Rounds(PatientClient)
    with connecting(hanging, kafka_client=rounds.client):
        before = rounds.number
        threading.Event().wait(1.0)
        assert rounds.number - before <= MOST_LOOKS


def test_with_the_usual_client_it_would_look_without_a_pause(hanging: int) -> None:
    rounds = Rounds(KafkaNetClient)
    with connecting(hanging, kafka_client=rounds.client):
        before = rounds.number
        wait_until(lambda: rounds.number - before > 10 * MOST_LOOKS, within=10, what="a busy producer", every=0.05)


@pytest.mark.parametrize(("seconds", "expected"), [(0.0, LEAST_DELAY_MS), (0.02, LEAST_DELAY_MS), (0.4, 400.0)])
def test_the_delay_is_in_milliseconds_and_never_none(
    seconds: float, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KafkaNetClient, "connection_delay", lambda _self, _node: seconds)
    client = PatientClient()
    try:
        assert client.connection_delay(0) == expected
    finally:
        client.close()
