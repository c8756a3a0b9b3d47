"""A producer waits asleep: for a connection that hangs while it is made, and for a partition's new leader."""

from __future__ import annotations

import ast
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final

import pytest
from kafka import KafkaProducer
from kafka.errors import KafkaError
from kafka.net.compat import KafkaNetClient

from pipeline_services.apps.kafka_link import PRODUCER, discard
from pipeline_services.apps.patient_client import LEAST_DELAY_MS, PatientClient, PatientMetadata
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.model.waiting import wait_until
from tests.apps.fake_broker import TOPIC, FakeBroker, fake_broker

MOST_LOOKS_FOR_A_LEADER: Final = 100  # in a second: some around each of ten questions to the broker
MOST_CPU_S: Final = 0.3
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
            known = link._metadata.broker_metadata
            wait_until(lambda: known(0).port == port, within=10, what="the new address", every=0.01)
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


@contextmanager
def leaderless(lost: str = "leads", **settings: Any) -> Iterator[tuple[KafkaProducer, FakeBroker]]:
    """The apps' producer, which has sent a reading, while its partition has no leader, or is gone with its topic."""
    with fake_broker() as broker:
        link = KafkaProducer(bootstrap_servers=[broker.bootstrap], **PRODUCER | settings)
        try:
            link.send(TOPIC, b"sent").get(timeout=10)
            setattr(broker, lost, False)
            link._metadata.request_update()
            wait_until(lambda: not link._metadata.available_partitions_for_topic(TOPIC), within=10, what="no leader")
            yield link, broker
        finally:
            discard(link)


@pytest.mark.parametrize(("lost", "queued"), [("leads", True), ("leads", False), ("has_topic", False)])
def test_the_apps_producer_looks_now_and_then_while_a_partition_has_no_leader(lost: str, queued: bool) -> None:
    rounds = Rounds(PatientClient)
    with leaderless(lost, kafka_client=rounds.client) as (link, broker):
        unsent = link.send(TOPIC, b"unsent", partition=0) if queued else None
        before, asked, cpu = rounds.number, broker.asked_for_leaders, time.process_time()
        threading.Event().wait(1.0)
        assert rounds.number - before <= MOST_LOOKS_FOR_A_LEADER
        assert 1 <= broker.asked_for_leaders - asked <= 15
        assert time.process_time() - cpu < MOST_CPU_S
        setattr(broker, lost, True)
        began = time.monotonic()
        (unsent or link.send(TOPIC, b"after")).get(timeout=10)
        assert time.monotonic() - began < 2.0


def test_with_the_usual_client_it_would_look_for_a_leader_without_a_pause() -> None:
    rounds = Rounds(KafkaNetClient)
    with leaderless(kafka_client=rounds.client) as (link, _):
        link.send(TOPIC, b"unsent", partition=0)
        before = rounds.number
        wait_until(
            lambda: rounds.number - before > 10 * MOST_LOOKS_FOR_A_LEADER, within=10, what="a busy producer", every=0.05
        )


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


def test_who_is_to_ask_already_is_not_woken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer, and each failure, ends the request: the next one wakes again."""
    woken: list[str] = []
    client = PatientClient()
    metadata = client.cluster
    monkeypatch.setattr(metadata._wakeup, "notify", lambda: woken.append("once"))
    monkeypatch.setattr(metadata, "start_refresh_loop", lambda: setattr(metadata, "_refresh_loop_future", "runs"))
    try:
        first = metadata.request_update()
        assert [metadata.request_update(), metadata.request_update()] == [first, first]
        assert woken == ["once"]
        metadata.failed_update(KafkaError("no answer"))
        second = metadata.request_update()
        assert (second is first, woken) == (False, ["once", "once"])
    finally:
        client.close()


def test_the_settings_of_who_is_asked_are_kept() -> None:
    client = PatientClient(bootstrap_servers=["one:1"], metadata_max_age_ms=7_000)
    try:
        assert isinstance(client.cluster, PatientMetadata)
        assert client.cluster.config["metadata_max_age_ms"] == 7_000
        assert [one.host for one in client.cluster.bootstrap_brokers()] == ["one"]
    finally:
        client.close()


def producers() -> dict[str, set[str]]:
    """By each file that makes a Kafka producer, where it has its settings from, and those it names."""
    found: dict[str, set[str]] = {}
    for file in (path for folder in ("pipeline_services", "chaos") for path in (REPOSITORY / folder).rglob("*.py")):
        source = file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)) if "KafkaProducer" in source else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "KafkaProducer":
                named = {ast.unparse(one.value) if one.arg is None else one.arg for one in node.keywords}
                found.setdefault(file.name, set()).update(re.findall(r"\w+", " ".join(named)))
    return found


def test_every_producer_of_the_suite_has_the_patient_client() -> None:
    made = producers()
    assert {"kafka_link.py", "broker.py", "sender.py", "meanwhile.py"} <= made.keys()
    assert {file for file, words in made.items() if not words & {"PRODUCER", "kafka_client"}} == set()


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
