"""Sends the audit's messages in a pipeline's own format, one after the other, each until Kafka has it or refuses it."""

from __future__ import annotations

import time
import uuid
from typing import Final

from kafka import KafkaProducer
from kafka.errors import KafkaError

from pipeline_services.apps.kafka_link import PRODUCER, discard
from pipeline_services.audit.sent import Sent, messages
from pipeline_services.clients.kafka_broker import Link, link_of
from pipeline_services.measure.samples import AUDIT_PREFIX
from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.model.reading_identity import MessageFields
from pipeline_services.model.waiting import wait_until

ACKNOWLEDGED_WITHIN_S: Final = 10.0
_DUE_WITHIN_S: Final = 5.0
_ATTEMPT: Final = {"linger_ms": 0, "enable_idempotence": False, "retries": 0, "delivery_timeout_ms": 10_000}
"""A message that Kafka does not take is reported and not sent again: a second copy could not be told from the first."""


def send(where: Link, topic: str, fields: MessageFields, count: int) -> list[Sent]:
    """Send so many messages to the brokers there, ten a second, each with a time of its own.

    Raises:
        PreconditionNotMet: the description has no template.
        ServiceUnreachable: Kafka does not answer at the start.
    """
    run = f"{AUDIT_PREFIX}{uuid.uuid4().hex[:8]}"
    planned = list(messages(fields, run, count, time.time_ns()))
    try:
        link = KafkaProducer(**PRODUCER | link_of(where) | _ATTEMPT)
    except KafkaError as error:
        raise ServiceUnreachable(f"the audit's producer cannot reach Kafka: {error}") from error
    sent = []
    try:
        for due_ns, message in planned:
            _await(due_ns)
            sent.append(Sent(fields.identity_of(message), _error_of(link, topic, message)))
    finally:
        discard(link)
    return sent


def _await(due_ns: int) -> None:
    wait_until(lambda: time.time_ns() >= due_ns, within=_DUE_WITHIN_S, what="the next message's time", every=0.02)


def _error_of(link: KafkaProducer, topic: str, message: bytes) -> str:
    """Why Kafka did not acknowledge the message; empty where it did."""
    try:
        link.send(topic, value=message).get(timeout=ACKNOWLEDGED_WITHIN_S)
    except KafkaError as error:
        return str(error) or type(error).__name__
    return ""
