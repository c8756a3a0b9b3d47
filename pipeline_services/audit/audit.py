"""The audit of a scenario: from a mark before it to a report after it, nothing acknowledged may be missing.

Two ledgers: the audit's own producer, whose acknowledgements are known from outside, and the pipeline's producers, of
whose lives the topic shows every number (valid unless the fault hit the broker).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from pipeline_services.audit.kept import keep
from pipeline_services.audit.ledger import Discrepancy, History, LedgerVerdict, from_topic, judge, missing_numbers
from pipeline_services.audit.producer import AuditProducer
from pipeline_services.audit.records import Records, TopicLog
from pipeline_services.audit.store import read_store
from pipeline_services.audit.topic import read_topic
from pipeline_services.clients.kafka_broker import KafkaBroker
from pipeline_services.measure.probes import Probes
from pipeline_services.measure.samples import AUDIT_PREFIX
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.message import Reading
from pipeline_services.model.offsets import Offsets
from pipeline_services.model.paths import cache_root
from pipeline_services.model.present import present
from pipeline_services.model.waiting import wait_until

FLUSH_TIMEOUT_S: Final = 20.0
IN_FLIGHT_S: Final = 3.0
"""Seconds that a reading of the pipeline's own may be on its way to Kafka in steady state."""
CONSUMED_TIMEOUT_S: Final = 60.0
LEDGERS: Final = "ledgers"
"""Under the cache folder: what the last audits saw; ``python -m pipeline_services.audit FILE`` judges one again."""
MIN_ACKNOWLEDGED: Final = 100
"""Acknowledged readings without which the audit says nothing."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What the audit found. ``audit`` is judged by known acknowledgements, ``own`` by what the topic shows."""

    audit: LedgerVerdict
    own: LedgerVerdict
    gaps: list[Discrepancy] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Nothing lost, unexpected or corrupt, and no number missing in any life of a producer."""
        return self.audit.holds and self.own.holds and not self.gaps

    @property
    def lost(self) -> int:
        """Readings lost, all together."""
        return len(self.audit.lost) + len(self.own.lost) + len(self.gaps)

    @property
    def duplicates(self) -> int:
        """Readings that came into the topic more than once."""
        return self.audit.duplicates + self.own.duplicates

    def __str__(self) -> str:
        lines = [f"the audit's readings: {self.audit}", f"the pipeline's own: {self.own}"]
        if self.gaps:
            named = ", ".join(map(str, self.gaps[:5]))
            lines.append(f"missing in the lives of producers: {len(self.gaps)}, for one {named}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Audit:
    """An audit from the topic's end as it is now: what ``producer`` sends from here on is judged."""

    def __init__(self, probes: Probes, producer: AuditProducer) -> None:
        self._probes = probes
        self.producer = producer
        self._start, self._since = self._offsets().end, time.time()

    @classmethod
    @contextmanager
    def running(cls, probes: Probes, producer: AuditProducer | None = None) -> Iterator[Audit]:
        """Send the audit's readings while the block runs; ``reconcile`` ends that and judges.

        Raises:
            PipelineError: Kafka does not answer.
        """
        port, topic = probes.kafka_forward.port, probes.pipeline.topics.readings
        audit = cls(probes, producer or AuditProducer(port, topic))
        with audit.producer:
            yield audit

    def reconcile(self) -> AuditReport:
        """End the audit and judge it; takes some seconds, since everything sent has to be consumed first.

        Raises:
            WaitExpired: the group did not get there in time.
            NoData: too few readings were acknowledged.
            PipelineError: Kafka or InfluxDB could not be read.
        """
        self.producer.finish(FLUSH_TIMEOUT_S)
        until = time.time()
        wait_until(lambda: time.time() > until + IN_FLIGHT_S, within=2 * IN_FLIGHT_S, what="readings in flight to land")
        offsets = self._consumed(self._offsets().end)
        span = (int(self._since * 1e9), int(until * 1e9))

        mine, others = TopicLog(), TopicLog()

        def sort(reading: Reading) -> TopicLog | None:
            if not span[0] <= reading.event_time_ns <= span[1]:
                return None
            if reading.producer_id == self.producer.producer_id:
                return mine
            return None if reading.producer_id.startswith(AUDIT_PREFIX) else others

        topic = self._probes.pipeline.topics.readings
        read_topic(self._probes.kafka_forward.port, topic, self._start, offsets.end, sort)
        return self._judged(mine, others, offsets.committed, span)

    def _judged(
        self, mine: TopicLog, others: TopicLog, committed: Mapping[int, int | None], span: tuple[int, int]
    ) -> AuditReport:
        known = {number: offset or 0 for number, offset in committed.items()}
        stored_mine = self._stored(span, lambda reading: reading.producer_id == self.producer.producer_id)
        stored_others = self._stored(span, lambda reading: not reading.producer_id.startswith(AUDIT_PREFIX))
        audited = History(self.producer.attempted, self.producer.acknowledged, mine, known, stored_mine)
        seen = History(*from_topic(others), others, known, stored_others)
        for name, history in (("", audited), ("-own", seen)):
            keep(history, cache_root() / LEDGERS, f"{self.producer.producer_id}{name}")
        return AuditReport(judge(audited, at_least=MIN_ACKNOWLEDGED), judge(seen, at_least=0), missing_numbers(others))

    def _stored(self, span: tuple[int, int], wanted: Callable[[Reading], bool]) -> Records:
        probes = self._probes
        return read_store(probes.bucket, span, wanted)

    def _offsets(self) -> Offsets:
        topics = self._probes.pipeline.topics
        with KafkaBroker(self._probes.kafka_forward.port) as broker:
            return broker.offsets(topics.group, topics.readings, topics.partition_numbers)

    def _consumed(self, end: Mapping[int, int]) -> Offsets:
        """The offsets once the group has committed all up to ``end``; ``end`` stays what it was."""

        def caught_up() -> Offsets | None:
            offsets = self._offsets()
            behind = any((offsets.committed.get(number) or 0) < offset for number, offset in end.items())
            return None if behind else Offsets(offsets.at, offsets.committed, end)

        found = wait_until(
            caught_up,
            within=CONSUMED_TIMEOUT_S,
            what="the group to consume all that was sent",
            every=0.5,
            retry_on=(PipelineError,),
        )
        return present(found, "look at the offsets")
