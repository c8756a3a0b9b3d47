"""A Kafka broker that is backed up or restored into: topics with their settings, records of a window, offsets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from kafka import KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from pipeline_services.apps.patient_client import PatientClient
from pipeline_services.clients.kafka_broker import KafkaBroker, translated
from pipeline_services.clients.kafka_records import consumer, records_between, window_since
from pipeline_services.maintenance.kafka.records import Place, Record
from pipeline_services.model.errors import ServiceUnreachable, UnexpectedAnswer
from pipeline_services.model.waiting import wait_until

REQUEST_MS: Final = 10_000
SEND_TIMEOUT_S: Final = 60.0
COORDINATOR_S: Final = 30.0


class Broker(KafkaBroker):
    """Asks one broker through a local port, and changes it where it is a copy. Use it as a context manager."""

    def __init__(self, port: int) -> None:
        super().__init__(port, REQUEST_MS)

    def described(self, names: Iterable[str]) -> dict[str, Any]:
        """Of each topic that is there the number of partitions and the settings that are its own."""
        topics = self.topics()
        there = [name for name in names if name in topics]
        settings = self.settings(there) if there else {}
        own = {name: {key: str(one["value"]) for key, one in settings[name].items() if one["own"]} for name in there}
        return {name: {"partitions": len(topics[name]), "settings": own[name]} for name in there}

    def make(self, topics: Mapping[str, Any]) -> None:
        """Make topics as ``topics`` describes them."""
        wanted = {
            name: {"num_partitions": one["partitions"], "replication_factor": 1, "configs": one["settings"]}
            for name, one in topics.items()
        }
        with translated("make", "topics"):
            self._admin.create_topics(wanted, wait_for_metadata=True)

    def committed(self, group: str, places: Iterable[Place]) -> dict[Place, int]:
        """The offsets that a group has committed; a partition without one is left out."""
        wanted = [TopicPartition(*place) for place in places]
        with translated("read offsets of", group):
            found = self._admin.list_group_offsets({group: wanted}).get(group, {})
        return {(one.topic, one.partition): known.offset for one, known in found.items() if known.offset >= 0}

    def commit(self, group: str, offsets: Mapping[Place, int]) -> None:
        """Make offsets a group's own. A new broker first makes the topic for them, which is waited for.

        Raises:
            WaitExpired: it does not take any in time.
            UnexpectedAnswer: the group has members, so that it commits its own.
        """
        wanted = {TopicPartition(*place): OffsetAndMetadata(offset, "", -1) for place, offset in offsets.items()}

        def attempt() -> Any:
            with translated("take offsets of", group):
                return self._admin.alter_group_offsets(group, wanted)

        slow = (ServiceUnreachable, UnexpectedAnswer)
        answers = wait_until(attempt, within=COORDINATOR_S, what="offsets to be taken", retry_on=slow)
        refused = [f"{one.topic}/{one.partition}" for one, error in answers.items() if getattr(error, "errno", 0)]
        if refused:
            raise UnexpectedAnswer(f"the broker does not take the offsets of {', '.join(sorted(refused))}")

    def window(self, places: Iterable[Place], since_ms: int) -> dict[Place, tuple[int, int]]:
        """By partition the offset of the first record that is no older (ms since the epoch), and where it ends."""
        wanted = [TopicPartition(*place) for place in places]
        with consumer(self._link, "the broker") as reader:
            found = window_since(reader, wanted, since_ms)
        return {(one.topic, one.partition): window for one, window in found.items()}

    def records(self, place: Place, start: int, stop: int) -> Iterator[Record]:
        """The records of a partition from an offset up to, not with, another. Raises NoData where they do not come."""
        topic, number = place
        with consumer(self._link, "the broker") as reader:
            yield from map(record_of, records_between(reader, topic, {number: start}, {number: stop}))

    def write(self, place: Place, records: Iterable[Record]) -> None:
        """Add records to a partition, in their order, with their times and headers.

        Raises:
            UnexpectedAnswer: one was not taken.
        """
        with translated("take records of", place[0]):
            producer = KafkaProducer(
                **self._link,
                kafka_client=PatientClient,
                request_timeout_ms=REQUEST_MS,
                reconnect_backoff_max_ms=500,
                acks="all",
                enable_idempotence=True,
                allow_auto_create_topics=False,
            )
            try:
                sent = [
                    producer.send(
                        place[0],
                        partition=place[1],
                        key=one.key,
                        value=one.value,
                        headers=list(one.headers),
                        timestamp_ms=one.timestamp_ms,
                    )
                    for one in records
                ]
                producer.flush(SEND_TIMEOUT_S)
                if not all(one.succeeded() for one in sent):
                    raise UnexpectedAnswer(f"the broker did not take every record of {place[0]}/{place[1]}")
            finally:
                producer.close(timeout=0)

    def resumed(self, group: str, places: Iterable[Place]) -> dict[Place, Record | None]:
        """The record with which a member of a group would go on in each partition; None: with none."""
        committed = self.committed(group, places)
        found: dict[Place, Record | None] = {}
        for place in places:
            start = committed.get(place, 0)
            end = self.window([place], 0)[place][1]
            found[place] = next(iter(self.records(place, start, start + 1)), None) if start < end else None
        return found


def record_of(found: Any) -> Record:
    """A record of kafka-python as ours."""
    headers = tuple((str(name), value) for name, value in found.headers or ())
    return Record(found.offset, found.timestamp, found.key, found.value, headers)
