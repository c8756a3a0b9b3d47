"""The producer's loop: everything attempted is acknowledged in the end, whatever its links do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace

import pytest
from kafka.errors import KafkaTimeoutError
from prometheus_client import CollectorRegistry

from pipeline_services.apps import kafka_link
from pipeline_services.apps import producer as module
from pipeline_services.apps.config import KafkaConfig, ProducerConfig
from pipeline_services.apps.health import Heart
from pipeline_services.apps.kafka_link import Stall
from pipeline_services.apps.outbox import Outbox
from pipeline_services.apps.producer import Producer
from pipeline_services.model.message import Reading, decode

KAFKA = KafkaConfig(("broker:9092",), "t", "d", 6, "group")
CONFIG = ProducerConfig(KAFKA, rate=20, devices=3, max_unacknowledged=40, port=0, looked_up=())


class Clock:
    """Time that passes only while the producer waits, and things that happen at their time."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.happens: list[tuple[float, Callable[[], None]]] = []

    def __call__(self) -> float:
        return self.now

    def after(self, seconds: float, what: Callable[[], None]) -> None:
        self.happens.append((self.now + seconds, what))

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        for due in [one for one in self.happens if one[0] <= self.now]:
            self.happens.remove(due)
            due[1]()


class FakeStop:
    """Lets the clock go on instead of waiting."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.requested = False

    def request(self) -> None:
        self.requested = True

    def wait(self, seconds: float) -> bool:
        self.clock.pass_by(seconds)
        return self.requested


@dataclass
class FakeFuture:
    """What a send returns: settled at once, or never."""

    does: str

    def add_callback(self, call: Callable[..., None], *args: object) -> None:
        if self.does == "ack":
            call(*args, object())

    def add_errback(self, call: Callable[..., None], *args: object) -> None:
        if self.does == "fail":
            call(*args, KafkaTimeoutError("expired"))


class Broker:
    """Keeps what its links were sent. ``does`` says what a link does with a reading: ack, fail, swallow or raise."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.kept: list[Reading] = []
        self.links: list[FakeLink] = []
        self.discarded: list[FakeLink] = []
        self.does: Callable[[FakeLink, Reading], str] = lambda link, reading: "ack"
        self.away = False

    def build(self, _: KafkaConfig) -> FakeLink:
        self.links.append(FakeLink(self))
        return self.links[-1]

    def unreachable(self, _: KafkaConfig) -> OSError | None:
        return OSError("refused") if self.away else None


class FakeLink:
    """One Kafka producer."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker

    def send(self, topic: str, value: bytes, key: bytes) -> FakeFuture:
        reading = decode(value)
        assert (topic, key.decode()) == ("t", reading.device_id)
        does = self.broker.does(self, reading)
        if does == "raise":
            raise KafkaTimeoutError("no metadata")
        if does == "ack":
            self.broker.kept.append(reading)
        return FakeFuture(does)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    clock = Clock()
    broker = Broker(clock)
    monkeypatch.setattr(module, "build_producer", broker.build)
    monkeypatch.setattr(module, "unreachable", broker.unreachable)
    monkeypatch.setattr(module, "discard", broker.discarded.append)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock))
    monkeypatch.setattr(module, "Stop", partial(FakeStop, clock))
    monkeypatch.setattr(module, "Outbox", partial(Outbox, clock=clock))
    monkeypatch.setattr(module, "Stall", partial(Stall, clock=clock))
    monkeypatch.setattr(kafka_link, "unreachable", broker.unreachable)
    return broker


class Run:
    """A producer that is asked to stop after so many seconds of the broker's clock."""

    def __init__(self, broker: Broker, seconds: float = 10.0) -> None:
        self.registry = CollectorRegistry()
        stop = FakeStop(broker.clock)
        broker.clock.after(seconds, stop.request)
        self.producer = Producer(CONFIG, stop, Heart(dump_when_stuck=False), self.registry)  # type: ignore[arg-type]
        self.producer.run()

    def count(self, name: str) -> int:
        value = self.registry.get_sample_value(name)
        assert value is not None
        return int(value)

    @property
    def attempted(self) -> int:
        return self.count("conveyor_readings_attempted_total")

    @property
    def produced(self) -> int:
        return self.count("conveyor_readings_produced_total")


def lives(readings: list[Reading]) -> dict[str, list[int]]:
    return {
        device: sorted({reading.sequence for reading in readings if reading.device_id == device})
        for device in {reading.device_id for reading in readings}
    }


def assert_gapless(readings: list[Reading]) -> None:
    for sequences in lives(readings).values():
        assert sequences == list(range(len(sequences)))


def test_all_is_well(broker: Broker) -> None:
    run = Run(broker)
    assert run.produced == run.attempted == len(broker.kept)
    assert run.attempted == pytest.approx(10 * CONFIG.rate, abs=10)
    assert_gapless(broker.kept)
    assert len(broker.links) == len(broker.discarded) == 1
    assert {reading.producer_id for reading in broker.kept} == {run.producer.producer_id}
    assert run.producer.ready.missing() == []


def test_each_life_has_a_name_of_its_own(broker: Broker) -> None:
    assert Run(broker, 1).producer.producer_id != Run(broker, 1).producer.producer_id


def failing_once(how: str) -> Callable[[FakeLink, Reading], str]:
    """The first link does ``how`` with every reading from the tenth on; later links work."""

    def does(link: FakeLink, reading: Reading) -> str:
        first = link.broker.links[0] is link
        return how if first and len(link.broker.kept) >= 10 else "ack"

    return does


@pytest.mark.parametrize("how", ["fail", "raise", "swallow"])
def test_a_broken_link_is_replaced_and_nothing_is_lost(broker: Broker, how: str) -> None:
    broker.does = failing_once(how)
    run = Run(broker, 60)
    assert run.produced == run.attempted > CONFIG.max_unacknowledged
    assert_gapless(broker.kept)
    assert (len(broker.links), len(broker.discarded)) == (2, 2)
    assert run.count("conveyor_produce_failures_total") == 1
    assert run.count("conveyor_unacknowledged_readings") == 0


def test_what_is_sent_again_keeps_its_order(broker: Broker) -> None:
    broker.does = failing_once("swallow")
    Run(broker, 60)
    for device in lives(broker.kept):
        sequences = [reading.sequence for reading in broker.kept if reading.device_id == device]
        assert sequences == sorted(sequences)


def test_an_outage_is_waited_out_with_the_same_link(broker: Broker) -> None:
    """The link at hand sends everything once when the broker is back; a new one would send some of it twice."""
    broker.does = lambda link, reading: "swallow" if broker.away else "ack"
    broker.clock.after(1, lambda: setattr(broker, "away", True))
    run = Run(broker, 120)
    assert len(broker.links) == 1
    assert run.attempted == run.produced + CONFIG.max_unacknowledged


def test_a_link_that_stays_stuck_after_the_outage_is_replaced(broker: Broker) -> None:
    stuck: list[bool] = []
    broker.does = lambda link, reading: "swallow" if broker.away or (stuck and link is broker.links[0]) else "ack"

    def cut() -> None:
        broker.away = True
        stuck.append(True)

    broker.clock.after(1, cut)
    broker.clock.after(40, lambda: setattr(broker, "away", False))
    run = Run(broker, 120)
    assert len(broker.links) == 2
    assert run.produced == run.attempted
    assert_gapless(broker.kept)


def test_without_a_broker_none_is_built_and_the_cap_is_back_pressure(broker: Broker) -> None:
    broker.away = True
    broker.clock.after(5, lambda: setattr(broker, "away", False))
    run = Run(broker, 6)
    assert CONFIG.max_unacknowledged < run.attempted <= CONFIG.max_unacknowledged + 2 * CONFIG.rate
    assert run.produced == run.attempted
    assert_gapless(broker.kept)
    assert len(broker.links) == 1


def test_what_nobody_took_by_the_end_was_never_acknowledged(broker: Broker) -> None:
    broker.does = lambda link, reading: "swallow"
    run = Run(broker, 5)
    assert (run.produced, len(broker.kept)) == (0, 0)
    assert run.count("conveyor_unacknowledged_readings") == run.attempted == CONFIG.max_unacknowledged
    assert run.producer.ready.missing() == ["kafka"]
