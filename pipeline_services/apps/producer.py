"""The producer: conveyor sensors into Kafka, and nothing acknowledged that is not there.

Every reading stays in the outbox until Kafka has acknowledged it. A Kafka producer whose oldest reading waits too long
or that reports a failure is dropped, a new one is built and everything in the outbox is sent again: the store is
idempotent, so a reading that arrives twice is kept once.
"""

from __future__ import annotations

import logging
import sys
import time
import uuid

from kafka import KafkaProducer
from kafka.errors import KafkaError
from prometheus_client import CollectorRegistry, Counter, Gauge

from pipeline_services.apps.config import ProducerConfig, producer_config
from pipeline_services.apps.health import Heart, Readiness
from pipeline_services.apps.kafka_link import STALLED_AFTER, Stall, build_producer, discard, unreachable
from pipeline_services.apps.outbox import Key, Outbox, Unacknowledged
from pipeline_services.apps.run import run_app
from pipeline_services.apps.sensors import sensors
from pipeline_services.apps.stopping import Stop
from pipeline_services.model.message import encode

log = logging.getLogger("producer")

WAITS_AFTER = 2.0  # seconds after which a reading that is not acknowledged waits
RETRY_EVERY = 0.5  # seconds between two attempts to build a Kafka producer
FLUSH_WITHIN = 10.0  # seconds at the end
ROUND = 0.25  # seconds; what falls due in one is sent at once, which costs broker and store a fraction of one by one
MOST_AT_ONCE = 1.0  # seconds' worth of readings made in one turn, after a pause


class Producer:
    """One life of the producer; ``producer_id`` names it."""

    def __init__(self, config: ProducerConfig, stop: Stop, heart: Heart, registry: CollectorRegistry) -> None:
        self.producer_id = uuid.uuid4().hex
        self.ready = Readiness("kafka")
        self._config = config
        self._stop = stop
        self._heart = heart
        self._outbox = Outbox(config.max_unacknowledged)
        self._sensors = sensors(self.producer_id, config.devices)
        self._link: KafkaProducer | None = None
        self._linked_at = 0.0
        self._stall = Stall(config.kafka)
        self._broken: str | None = None
        self._made = 0
        self._due = 0.0
        self._attempted = Counter("conveyor_readings_attempted", "Readings handed to Kafka", registry=registry)
        self._produced = Counter("conveyor_readings_produced", "Readings acknowledged by Kafka", registry=registry)
        self._failures = Counter("conveyor_produce_failures", "Failures of sends and of links", registry=registry)
        Gauge(
            "conveyor_unacknowledged_readings", "Readings Kafka has not acknowledged", registry=registry
        ).set_function(lambda: float(len(self._outbox)))
        Gauge("conveyor_oldest_unacknowledged_seconds", "Age of the oldest of them", registry=registry).set_function(
            self._outbox.oldest_age
        )

    def run(self) -> None:
        """Make and send readings until asked to stop, then send what is left."""
        self._heart.beat()
        log.info(
            "producer %s: %g readings/s from %d devices", self.producer_id, self._config.rate, self._config.devices
        )
        last = time.monotonic()
        while not self._stop.wait(ROUND):
            self._heart.beat()
            now = time.monotonic()
            self._make(now - last)
            last = now
            self._keep_linked()
        self._finish()

    def _make(self, elapsed: float) -> None:
        """Make the readings that fell due in ``elapsed`` seconds. Those there is no room for are never made."""
        self._due = min(self._due + elapsed * self._config.rate, max(1.0, self._config.rate * MOST_AT_ONCE))
        for _ in range(min(int(self._due), self._outbox.room)):
            self._due -= 1
            reading = self._sensors[self._made % len(self._sensors)].read()
            self._made += 1
            entry = self._outbox.add(reading, encode(reading))
            self._attempted.inc()
            self._send(entry)

    def _send(self, entry: Unacknowledged) -> None:
        link = self._link
        if link is None or self._broken:
            return
        try:
            future = link.send(self._config.kafka.topic, value=entry.payload, key=entry.device)
        except KafkaError as error:
            self._failed(link, error)
            return
        future.add_callback(self._acknowledged, entry.key)
        future.add_errback(self._failed, link)

    def _acknowledged(self, key: Key, _metadata: object) -> None:
        """On the client's thread. Also true when it comes from a link that was given up since."""
        if self._outbox.acknowledge(key):
            self._produced.inc()
            self.ready.worked("kafka")

    def _failed(self, link: KafkaProducer, error: BaseException) -> None:
        """On the client's thread or in ``_send``. The reading stays in the outbox, so it is sent again."""
        if link is self._link and self._broken is None:
            self._failures.inc()
            self._broken = f"{type(error).__name__}: {error}"

    def _keep_linked(self) -> None:
        if self._link is not None:
            self._look_for_stall()
        if self._broken is not None:
            self._drop_link(self._broken)
        if self._link is None and time.monotonic() - self._linked_at >= RETRY_EVERY:
            self._build_link()

    def _look_for_stall(self) -> None:
        """An outage is waited out with the link at hand, which sends everything once. Only where the broker has taken
        connections all along, and still a reading waits, is the link taken for wedged.
        """
        waited = self._outbox.oldest_age()
        if self._broken is not None or waited < WAITS_AFTER:
            self._stall.answered()
        elif min(waited, self._stall.seconds()) > STALLED_AFTER:
            self._failures.inc()
            self._broken = f"a reading waits for {waited:.0f} s although the broker takes connections"

    def _drop_link(self, reason: str) -> None:
        log.error("dropping the Kafka producer and building a new one: %s", reason)
        self.ready.failed("kafka")
        link, self._link = self._link, None
        self._heart.beat()
        if link is not None:
            discard(link)
        self._broken = None

    def _build_link(self) -> None:
        self._linked_at = time.monotonic()
        if unreachable(self._config.kafka) is not None:
            return
        try:
            self._link = build_producer(self._config.kafka)
        except KafkaError as error:
            log.warning("no Kafka producer yet: %s", error)
            return
        finally:
            self._heart.beat()
            self._linked_at = time.monotonic()
        self._stall.answered()
        again = self._outbox.waiting()
        log.info("linked to Kafka at %s; %d readings to send", ",".join(self._config.kafka.brokers), len(again))
        for entry in again:
            self._send(entry)

    def _finish(self) -> None:
        """Send what is left, for at most FLUSH_WITHIN seconds. What stays behind was never acknowledged to anyone."""
        deadline = time.monotonic() + FLUSH_WITHIN
        pause = Stop()
        while len(self._outbox) and time.monotonic() < deadline:
            self._heart.beat()
            self._keep_linked()
            pause.wait(0.02)
        if self._link is not None:
            discard(self._link)
        left = len(self._outbox)
        if left:
            log.error("stopped with %d readings unacknowledged", left)
        log.info("producer %s ended after %d readings", self.producer_id, self._made)


if __name__ == "__main__":
    sys.exit(run_app(log, producer_config, Producer))
