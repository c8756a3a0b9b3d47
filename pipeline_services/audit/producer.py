"""The audit's own producer: outside the blast radius, so what was acknowledged is known whatever happens inside.

Kafka's log alone cannot show what Kafka lost.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, suppress
from typing import Final

from kafka import KafkaProducer
from kafka.errors import KafkaError

from pipeline_services.apps.kafka_link import PRODUCER, discard
from pipeline_services.apps.sensors import Sensor, sensors
from pipeline_services.audit.column import Column
from pipeline_services.audit.records import Records, Series
from pipeline_services.clients.kafka_broker import through
from pipeline_services.measure.samples import AUDIT_PREFIX, AUDIT_RATE_PER_S
from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.model.message import Reading, encode
from pipeline_services.model.present import present
from pipeline_services.model.waiting import WaitExpired, wait_until

DEVICES: Final = 8
FIRST_DEVICE: Final = "conveyor-00"
TICK_S: Final = 0.2
ACKNOWLEDGED_WITHIN_S: Final = 60.0
MAX_OPEN: Final = 20_000
"""Readings that may wait for their acknowledgement: some minutes without a broker. Then no more are made."""


class AuditProducer(AbstractContextManager["AuditProducer"]):
    """Sends numbered readings through a local port that leads to Kafka, and keeps the record of acknowledgements.

    Args:
        dropped: sequences of the first device that are entered as acknowledged and never sent, to see that the ledger
            notices.

    Raises:
        ServiceUnreachable: on entering, when the broker does not answer.
    """

    def __init__(self, port: int, topic: str, rate: float = AUDIT_RATE_PER_S, dropped: Collection[int] = ()) -> None:
        self.producer_id = f"{AUDIT_PREFIX}{uuid.uuid4().hex[:12]}"
        self.attempted = Records()
        self.refused = 0
        self._port = port
        self._topic = topic
        self._dropped = {(self.producer_id, FIRST_DEVICE, sequence) for sequence in dropped}
        self._rate = rate
        self._sensors: list[Sensor] = sensors(self.producer_id, DEVICES)
        self._acknowledged: dict[Series, Column] = {}
        self._open = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._link: KafkaProducer | None = None

    def __enter__(self) -> AuditProducer:
        try:
            self._link = KafkaProducer(**PRODUCER | through(self._port))
        except KafkaError as error:
            raise ServiceUnreachable(f"the audit's producer cannot reach Kafka: {error}") from error
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join(10.0)
        if self._link is not None:
            discard(self._link)
            self._link = None

    @property
    def acknowledged(self) -> Mapping[Series, Column]:
        """By series the sequences that Kafka has acknowledged so far."""
        with self._lock:
            return {series: Column.of_blocks(sequences.blocks()) for series, sequences in self._acknowledged.items()}

    @property
    def open(self) -> int:
        """How many readings are neither acknowledged nor refused."""
        return self._open

    def await_acknowledged(self, count: int) -> None:
        """Wait until so many readings are acknowledged, all in all.

        Raises:
            WaitExpired: they are not within a minute.
        """
        wait_until(
            lambda: sum(map(len, self.acknowledged.values())) >= count,
            within=ACKNOWLEDGED_WITHIN_S,
            what=f"{count} readings to be acknowledged",
        )

    def finish(self, within: float) -> int:
        """Make no more readings and wait until all are acknowledged; returns how many never were in that time."""
        self._stop.set()
        self._thread.join(10.0)
        with suppress(WaitExpired):  # an unknown acknowledgement is reported, and is neither a loss nor an error
            wait_until(lambda: self._open == 0, within=within, what="the audit's last acknowledgements", every=0.05)
        return self._open

    def _run(self) -> None:
        due, last, number = 0.0, time.monotonic(), 0
        while not self._stop.wait(TICK_S):
            now = time.monotonic()
            due = min(due + (now - last) * self._rate, self._rate)
            last = now
            while due >= 1 and self._open < MAX_OPEN:
                due -= 1
                self._send(self._sensors[number % len(self._sensors)].read())
                number += 1

    def _send(self, reading: Reading) -> None:
        link = present(self._link, "connection to Kafka")
        series = (reading.producer_id, reading.device_id)
        self.attempted.add(series, reading.sequence, reading.checksum())
        with self._lock:
            self._open += 1
        if (*series, reading.sequence) in self._dropped:
            self._taken(series, reading.sequence, None)
            return
        try:
            future = link.send(self._topic, value=encode(reading), key=reading.device_id.encode())
        except KafkaError:
            self._not_taken(None)
            return
        future.add_callback(self._taken, series, reading.sequence)
        future.add_errback(self._not_taken)

    def _taken(self, series: Series, sequence: int, _metadata: object) -> None:
        """On the client's thread."""
        with self._lock:
            self._acknowledged.setdefault(series, Column()).append(sequence)
            self._open -= 1

    def _not_taken(self, _error: object) -> None:
        with self._lock:
            self.refused += 1
            self._open -= 1
