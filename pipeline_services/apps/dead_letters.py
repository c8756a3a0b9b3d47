"""Messages that can never be stored: to a topic of their own, with the reason. None is lost, none holds up the rest."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from pipeline_services.apps.config import KafkaConfig
from pipeline_services.apps.kafka_link import build_producer, discard
from pipeline_services.apps.parcel import Bad

log = logging.getLogger(__name__)

ACKNOWLEDGED_WITHIN = 5.0  # seconds
LARGEST = 900_000  # bytes kept of a message: with its headers it must fit where the message itself just did


class DeadLettersUnavailable(Exception):
    """Kafka did not take them: nothing may be committed; try again. Some may then be there twice."""


class DeadLetters:
    """The dead-letter topic. The Kafka producer for it is only built when the first bad message comes."""

    def __init__(self, config: KafkaConfig) -> None:
        self._config = config
        self._producer: KafkaProducer | None = None

    def send(self, bad: Sequence[Bad]) -> None:
        """Return once Kafka has acknowledged all of them. Raises DeadLettersUnavailable where it has not."""
        try:
            if self._producer is None:
                self._producer = build_producer(self._config)
            futures = [self._post(self._producer, one) for one in bad]
            for future in futures:
                future.get(timeout=ACKNOWLEDGED_WITHIN)
        except KafkaError as error:
            self.close()
            raise DeadLettersUnavailable(f"{type(error).__name__}: {error}") from error
        for one in bad[:5]:
            where = f"{one.record.topic}[{one.record.partition}]@{one.record.offset}"
            log.warning("dead-lettered %s: %s (%s)", where, one.reason, one.detail)
        if len(bad) > 5:
            log.warning("dead-lettered %d more messages of the same batch", len(bad) - 5)

    def _post(self, producer: KafkaProducer, bad: Bad) -> Any:
        record = bad.record
        value = record.value or b""
        headers = [
            ("reason", bad.reason.encode()),
            ("detail", bad.detail.encode(errors="replace")[:500]),
            ("source", f"{record.topic}/{record.partition}/{record.offset}".encode()),
        ]
        if len(value) > LARGEST:
            headers.append(("cut-from-bytes", str(len(value)).encode()))
        key = record.key if record.key is None else record.key[:1_000]
        return producer.send(self._config.dead_letter_topic, value=value[:LARGEST], key=key, headers=headers)

    def close(self) -> None:
        """Give the producer up."""
        if self._producer is not None:
            producer, self._producer = self._producer, None
            discard(producer)
