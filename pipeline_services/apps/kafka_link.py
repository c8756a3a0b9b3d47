"""What both apps do alike with Kafka: reach it, make its topics, build a producer and get rid of one."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from typing import Any, Final

from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaError, TopicAlreadyExistsError

from pipeline_services.apps.config import KafkaConfig
from pipeline_services.apps.direct_socket import DIRECT
from pipeline_services.apps.patient_client import PatientClient
from pipeline_services.apps.stopping import Stop

log = logging.getLogger(__name__)

# Back within a second of the broker's return; the client's own defaults take up to 30 s.
COMMON: Final[dict[str, Any]] = {
    "proxy_url": DIRECT,
    "reconnect_backoff_ms": 100,
    "reconnect_backoff_max_ms": 500,
    "metadata_max_age_ms": 30_000,
    "bootstrap_timeout_ms": 3_000,
}
# linger_ms: at 20 readings/s each request costs more CPU than all the rest, so some are sent together.
# delivery_timeout_ms: a batch that outlives it can wedge the idempotent producer for good, so it must never expire.
PRODUCER: Final[dict[str, Any]] = {
    **COMMON,
    "kafka_client": PatientClient,
    "acks": "all",
    "enable_idempotence": True,
    "linger_ms": 100,
    "batch_size": 65_536,
    "request_timeout_ms": 10_000,
    "delivery_timeout_ms": 86_400_000,
    "max_block_ms": 3_000,
    "allow_auto_create_topics": False,
}
# Every message is on disk before it is acknowledged: costs nothing measurable at this linger.
TOPIC_SETTINGS: Final = {"flush.messages": "1"}
NO_NAME_FOR: Final = 10.0  # seconds at the start after which a broker's name that is not known is a wrong name
NO_BROKER_FOR: Final = 60.0  # seconds at the start after which a broker that does not answer is a wrong address
STALLED_AFTER: Final = 20.0  # seconds without an answer from a broker that takes connections: to be built anew
LOOK_EVERY: Final = 4.0  # seconds between two looks whether it does


class NoBroker(Exception):
    """At the start no broker was there for so long that the setting is likely wrong. The message is for operators."""


def unreachable(config: KafkaConfig) -> OSError | None:
    """Why no broker takes a connection, or None if one does. Cheap: to be asked before a client is built, since a
    client that fails to start leaves a thread behind.
    """
    reason: OSError = OSError("no broker")
    for address in config.addresses:
        try:
            with socket.create_connection(address, timeout=1.0):
                return None
        except OSError as error:
            reason = error
    return reason


class Stall:
    """For how long a client has had no answer although the broker takes connections.

    A client keeps to the addresses that the broker once told it, and asks no other: were they wrong, it asks in vain
    for ever, even when the broker has long been telling the right ones. Only a new client begins at KAFKA_BROKER.
    An outage, however long, is no stall: the client at hand outlives it.
    """

    def __init__(self, config: KafkaConfig, clock: Callable[[], float] = time.monotonic) -> None:
        self._config, self._clock = config, clock
        self._since = self._looked_at = clock()

    def answered(self) -> None:
        """The client has had an answer, or is new."""
        self._since = self._clock()

    def seconds(self) -> float:
        """Seconds since the last answer, or since the broker last took no connection; looks at that now and then."""
        now = self._clock()
        if now - max(self._since, self._looked_at) >= LOOK_EVERY:
            self._looked_at = now
            if unreachable(self._config) is not None:
                self._since = now
        return now - self._since


def await_broker(config: KafkaConfig, stop: Stop, beat: Any) -> bool:
    """Wait for a broker at the start; False if asked to stop meanwhile.

    Raises:
        NoBroker: when DNS says for 10 s that there is no such name, or nothing answers for 60 s. Ending then makes a
            wrong setting visible as a crash loop; once connected, an app outlives any outage.
    """
    started = time.monotonic()
    while (reason := unreachable(config)) is not None:
        beat()
        waited = time.monotonic() - started
        wrong_name = isinstance(reason, socket.gaierror) and reason.errno == socket.EAI_NONAME
        limit = NO_NAME_FOR if wrong_name else NO_BROKER_FOR
        where = ",".join(config.brokers)
        if waited >= limit:
            raise NoBroker(f"no Kafka broker at {where} for {waited:.0f} s: {reason}. Check KAFKA_BROKER")
        log.warning("waiting for a Kafka broker at %s: %s", where, reason)
        if stop.wait(1.0):
            return False
    return True


def ensure_topics(config: KafkaConfig) -> None:
    """Create the topics that are missing; those that exist are left as they are.

    Raises:
        KafkaError: the broker is away or refuses.
    """
    with KafkaAdminClient(bootstrap_servers=list(config.brokers), **COMMON) as admin:
        existing = set(admin.list_topics())
        for topic in (config.topic, config.dead_letter_topic):
            if topic in existing:
                continue
            try:
                admin.create_topics(
                    {topic: {"num_partitions": config.partitions, "replication_factor": 1, "configs": TOPIC_SETTINGS}},
                    wait_for_metadata=True,
                )
                log.info("created topic %s with %d partitions", topic, config.partitions)
            except TopicAlreadyExistsError:
                log.info("topic %s was created by another replica", topic)


def build_producer(config: KafkaConfig) -> KafkaProducer:
    """A new producer that knows its topics. Raises KafkaError where the broker is away or refuses."""
    ensure_topics(config)
    return KafkaProducer(bootstrap_servers=list(config.brokers), **PRODUCER)


def discard(producer: KafkaProducer) -> None:
    """Get rid of a producer at once, whatever it still holds: the caller keeps its own record of that."""
    # ``close`` alone raises on a wedged producer and leaves its thread trying for ever; this ends the thread first.
    producer._sender.force_close()
    producer._sender.join(2.0)
    try:
        producer.close(timeout=0.5)
    except KafkaError as error:
        log.warning("a discarded Kafka producer did not close: %s", error)
