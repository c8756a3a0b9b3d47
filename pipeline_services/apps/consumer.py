"""The processor's Kafka consumer: a member of the group that keeps its own account of what it owes the group."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from kafka import KafkaConsumer, OffsetAndMetadata
from kafka.errors import KafkaError

from pipeline_services.apps.config import KafkaConfig
from pipeline_services.apps.group import Assignment
from pipeline_services.apps.kafka_link import COMMON, STALLED_AFTER, Stall, ensure_topics, unreachable
from pipeline_services.apps.parcel import Partition, Record

log = logging.getLogger(__name__)

CONSUMER: Final[dict[str, Any]] = {
    **COMMON,
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "session_timeout_ms": 6_000,
    "heartbeat_interval_ms": 1_000,
    "max_poll_interval_ms": 30_000,
    "request_timeout_ms": 10_000,
    "allow_auto_create_topics": False,
    # At low rates the broker waits this long for more, so that a write carries more than one reading: with writes
    # more often than this, two processors at rest take too much CPU for the autoscaler to go back to one.
    "fetch_min_bytes": 32_768,
    "fetch_max_wait_ms": 300,
}
CALL_MS: Final = 4_000  # the most that one question to the broker may take
HOUSE_EVERY: Final = 3.0  # seconds between two looks at the lag and the membership
RETRY_COMMIT: Final = 0.5  # seconds
NO_ASSIGNMENT_FOR: Final = 9.0  # seconds; some joins never end, and a new member gets its share at once


class Consumer:
    """Offsets go three ways: *out* (polled), *owed* (delivered, to be committed) and *committed*."""

    def __init__(self, config: KafkaConfig, batch: int) -> None:
        self._config = config
        self._batch = batch
        self._consumer: KafkaConsumer | None = None
        self._assignment = Assignment(config.group)
        self._stall = Stall(config)
        self._out: dict[Partition, int] = {}
        self._owed: dict[Partition, int] = {}
        self._committed: dict[Partition, int] = {}
        self._house_at = 0.0
        self._commit_at = 0.0

    @property
    def connected(self) -> bool:
        """Whether there is a consumer; it may still be joining, or its broker be away."""
        return self._consumer is not None

    def connect(self) -> bool:
        """Build a consumer and subscribe; False if the broker is not there. Takes a few seconds at most."""
        if unreachable(self._config) is not None:
            return False
        self.close()
        try:
            ensure_topics(self._config)
            self._consumer = KafkaConsumer(
                bootstrap_servers=list(self._config.brokers),
                group_id=self._config.group,
                max_poll_records=self._batch,
                **CONSUMER,
            )
            self._assignment = Assignment(self._config.group)
            self._consumer.subscribe([self._config.topic], listener=self._assignment)
            # A leader that joins before it knows the topic's partitions hands out none and joins again at once, and
            # that second join is lost if the poll that began it ends first: asking for them here avoids both.
            self._consumer.partitions_for_topic(self._config.topic)
        except KafkaError as error:
            log.warning("no Kafka consumer yet: %s", error)
            self.close()
            return False
        self._stall.answered()
        return True

    def poll(self, timeout_ms: int) -> Mapping[Partition, Sequence[Record]]:
        """The next records, of which ``delivered`` is to be called before the next poll.

        Raises:
            KafkaError: the broker is away; the consumer comes back by itself.
        """
        consumer = self._connected()
        paused = consumer.paused()
        if paused:
            consumer.resume(*paused)
        polled: dict[Partition, Sequence[Record]] = consumer.poll(timeout_ms=timeout_ms)
        self._drop_forfeited()
        self._out = {partition: records[-1].offset + 1 for partition, records in polled.items()}
        return polled

    def _connected(self) -> KafkaConsumer:
        if self._consumer is None:
            raise RuntimeError("polled without a consumer")
        return self._consumer

    def stand_by(self, timeout_ms: int) -> None:
        """Stay a member of the group while nothing can be taken: poll with every partition paused.

        Raises:
            KafkaError: as ``poll``.
        """
        consumer = self._connected()
        consumer.pause(*consumer.assignment())
        polled = consumer.poll(timeout_ms=timeout_ms)
        for partition, records in polled.items():  # assigned during this very poll, so not paused yet
            consumer.seek(partition, records[0].offset)
        self._drop_forfeited()

    def delivered(self) -> None:
        """All that the last poll returned is in the store or the dead-letter topic."""
        self._owed.update(self._out)
        self._out = {}

    def commit(self) -> None:
        """Commit what is owed. What fails is still owed: to be called again, at the latest after the next delivery."""
        if not self._owed or self._consumer is None or time.monotonic() < self._commit_at:
            return
        owed = dict(self._owed)
        try:
            self._consumer.commit(
                {partition: OffsetAndMetadata(offset, "", -1) for partition, offset in owed.items()}, timeout_ms=CALL_MS
            )
        except KafkaError as error:
            self._commit_at = time.monotonic() + RETRY_COMMIT
            log.warning("offsets not committed, to be tried again: %s", error)
            self._drop_forfeited()
            return
        self._committed.update(owed)
        self._owed = {}

    def lag(self) -> dict[int, int] | None:
        """End offset less committed offset per assigned partition; None between two looks.

        Raises:
            KafkaError: the broker does not say.
        """
        now = time.monotonic()
        if self._consumer is None or now - self._house_at < HOUSE_EVERY:
            return None
        self._house_at = now
        owned = sorted(self._assignment.owned)
        if not owned:
            return {}
        ends = self._consumer.end_offsets(owned, timeout_ms=CALL_MS)
        self._stall.answered()
        unknown = [partition for partition in owned if partition not in self._committed]
        if unknown:
            starts = self._consumer.beginning_offsets(unknown, timeout_ms=CALL_MS)
            for partition in unknown:
                committed = self._consumer.committed(partition, timeout_ms=CALL_MS)
                self._committed[partition] = starts[partition] if committed is None else committed
        return {partition.partition: max(0, ends[partition] - self._committed[partition]) for partition in owned}

    def leave_if_left_out(self) -> None:
        """Give up a membership that has had no partition for too long, so that the next ``connect`` begins anew."""
        without = self._assignment.seconds_without()
        if self._consumer is not None and without > NO_ASSIGNMENT_FOR:
            log.warning("no partition assigned for %.0f s: joining group %s anew", without, self._config.group)
            self.close()

    def leave_if_stalled(self) -> None:
        """Give up a client that asks in vain, so that the next ``connect`` begins at the configured address."""
        if self._consumer is not None and (waited := self._stall.seconds()) > STALLED_AFTER:
            log.warning("no answer for %.0f s although the broker takes connections: building a new consumer", waited)
            self.close()

    def close(self) -> None:
        """Leave the group, so that the others take over at once. What is owed stays uncommitted: it comes again."""
        consumer, self._consumer = self._consumer, None
        self._forget()
        if consumer is None:
            return
        self._assignment.leaving = True
        try:
            consumer.close(autocommit=False, timeout_ms=CALL_MS)
        except KafkaError as error:
            log.warning("the Kafka consumer did not close cleanly: %s", error)

    def _drop_forfeited(self) -> None:
        for partition in self._assignment.take_forfeited():
            for account in (self._out, self._owed, self._committed):
                account.pop(partition, None)

    def _forget(self) -> None:
        self._out, self._owed, self._committed = {}, {}, {}
