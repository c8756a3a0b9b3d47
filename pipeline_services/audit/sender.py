"""Sends the audit's messages in a pipeline's own format, one after the other, each until Kafka has it or refuses it."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Final

from kafka import KafkaProducer
from kafka.errors import KafkaError

from pipeline_services.apps.kafka_link import PRODUCER, discard
from pipeline_services.audit.sent import DEVICES, INTERVAL_NS, Sent, messages
from pipeline_services.clients.influxdb import NANO
from pipeline_services.clients.kafka_broker import KafkaBroker, Link, link_of
from pipeline_services.measure.samples import AUDIT_PREFIX
from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.model.present import present
from pipeline_services.model.reading_identity import MessageFields
from pipeline_services.model.waiting import wait_until

ACKNOWLEDGED_WITHIN_S: Final = 10.0
_DUE_WITHIN_S: Final = 5.0
_ATTEMPT: Final = {"linger_ms": 0, "enable_idempotence": False, "retries": 0, "delivery_timeout_ms": 10_000}
"""A message that Kafka does not take is reported and not sent again: a second copy could not be told from the first."""


def send(where: Link, topic: str, fields: MessageFields, count: int) -> list[Sent]:
    """Send so many messages to the brokers there, ten a second, each with a time of its own.

    Raises:
        PreconditionNotMet: the profile has no template.
        ServiceUnreachable: Kafka does not answer at the start.
    """
    planned = list(messages(fields, _run_name(), count, time.time_ns()))
    sent = []
    with link_to(where) as link:
        for due_ns, message in planned:
            _await(due_ns)
            sent.append(Sent(fields.identity_of(message), _error_of(link, topic, message)))
    return sent


class Sender(AbstractContextManager["Sender"]):
    """Sends messages, ten a second at most, while the block runs: what becomes of them in a fault.

    Raises:
        PreconditionNotMet: the profile has no template.
        ServiceUnreachable: on entering, when Kafka does not answer.
    """

    def __init__(self, where: Link, topic: str, fields: MessageFields) -> None:
        fields.message_of("", 0)
        self._where, self._topic, self._fields = where, topic, fields
        self._stop = threading.Event()
        self._open = ExitStack()
        self._task: Future[list[Sent]] | None = None

    def __enter__(self) -> Sender:
        link = self._open.enter_context(link_to(self._where))
        pool = self._open.enter_context(ThreadPoolExecutor(1, thread_name_prefix="sender"))
        self._task = pool.submit(self._run, link)
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._open.close()

    def finish(self) -> list[Sent]:
        """Send no more; returns all that was sent. The last one may take the time that Kafka has to acknowledge it."""
        self._stop.set()
        return present(self._task, "thread").result()

    def _run(self, link: KafkaProducer) -> list[Sent]:
        run, sent, last = _run_name(), list[Sent](), dict[str, int]()
        while not self._stop.wait(INTERVAL_NS / NANO):
            device = f"{run}-{len(sent) % DEVICES}"
            last[device] = max(time.time_ns(), last.get(device, 0) + NANO)  # apart even in whole seconds
            message = self._fields.message_of(device, last[device])
            sent.append(Sent(self._fields.identity_of(message), _error_of(link, self._topic, message)))
        return sent


@contextmanager
def link_to(where: Link) -> Iterator[KafkaProducer]:
    """A producer that sends each message once.

    Raises:
        ServiceUnreachable: Kafka does not answer.
        UnexpectedAnswer: one outside the cluster does not let the account in.
    """
    try:
        link = KafkaProducer(**PRODUCER | link_of(where) | _ATTEMPT)
    except KafkaError as error:
        if not isinstance(where, int):
            KafkaBroker(where).require_let_in()
        raise ServiceUnreachable(f"the audit's producer cannot reach Kafka: {error}") from error
    try:
        yield link
    finally:
        discard(link)


def _run_name() -> str:
    return f"{AUDIT_PREFIX}{uuid.uuid4().hex[:8]}"


def _await(due_ns: int) -> None:
    wait_until(lambda: time.time_ns() >= due_ns, within=_DUE_WITHIN_S, what="the next message's time", every=0.02)


def _error_of(link: KafkaProducer, topic: str, message: bytes) -> str:
    """Why Kafka did not acknowledge the message; empty where it did."""
    try:
        link.send(topic, value=message).get(timeout=ACKNOWLEDGED_WITHIN_S)
    except KafkaError as error:
        return str(error) or type(error).__name__
    return ""
