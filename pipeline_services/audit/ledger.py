"""The ledger: compares what was sent, acknowledged, written to the topic and stored. Pure.

Sets are compared, not counts: a loss and a duplicate cancel in counts. A reading is known by its series, which is
(producer_id, device_id), and its sequence; its checksum stands for all of its content.

What is acknowledged and not stored is *lost*, and the topic says where: not in the topic, the broker lost it; beyond
the committed offset, it is pending; below it, the processor or the store lost it. What is stored and was never sent is
*unexpected*; the same reading with other content is *corrupt*; stored without an acknowledgement is *recovered*, which
is no fault: the acknowledgement was lost, not the reading.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline_services.model.errors import NoData

Series = tuple[str, str]
"""(producer_id, device_id)"""


class Where(StrEnum):
    """Which part a lost reading got lost in, or waits in."""

    PRODUCER = "producer"
    BROKER = "broker"
    PENDING = "pending"
    PROCESSOR_OR_STORE = "processor or store"


class Records:
    """Sequences and checksums per series, in the order they were added; 16 bytes a reading.

    The checksum to enter is the one computed from what was found, so that an altered value shows.
    """

    def __init__(self, entries: Iterable[tuple[Series, int, int]] = ()) -> None:
        self._sequences: dict[Series, array[int]] = {}
        self._checksums: dict[Series, array[int]] = {}
        for series, sequence, checksum in entries:
            self.add(series, sequence, checksum)

    def add(self, series: Series, sequence: int, checksum: int) -> None:
        """Enter one reading; the same may be entered more than once."""
        if series not in self._sequences:
            self._sequences[series], self._checksums[series] = array("q"), array("q")
        self._sequences[series].append(sequence)
        self._checksums[series].append(checksum)

    def __len__(self) -> int:
        return sum(map(len, self._sequences.values()))

    def __iter__(self) -> Iterator[Series]:
        return iter(self._sequences)

    def sequences(self, series: Series) -> array[int]:
        """The sequences of a series as they were added; empty for an unknown series."""
        return self._sequences.get(series, array("q"))

    def checksums(self, series: Series) -> array[int]:
        """The checksums, in the order of ``sequences``."""
        return self._checksums.get(series, array("q"))


class TopicLog:
    """Every record of the topic that is a reading, with its place. Add each partition's records in offset order."""

    def __init__(self) -> None:
        self.records = Records()
        self._partitions: dict[Series, array[int]] = {}
        self._offsets: dict[Series, array[int]] = {}

    def add(self, partition: int, offset: int, series: Series, sequence: int, checksum: int) -> None:
        """Enter one record."""
        self.records.add(series, sequence, checksum)
        if series not in self._partitions:
            self._partitions[series], self._offsets[series] = array("l"), array("q")
        self._partitions[series].append(partition)
        self._offsets[series].append(offset)

    def beyond(self, series: Series, committed: Mapping[int, int]) -> set[int]:
        """The sequences whose every record lies at or beyond the committed offset of its partition."""
        below: set[int] = set()
        beyond: set[int] = set()
        places = zip(self.records.sequences(series), self._partitions[series], self._offsets[series], strict=True)
        for sequence, partition, offset in places:
            (below if offset < committed.get(partition, 0) else beyond).add(sequence)
        return beyond - below


@dataclass(frozen=True, slots=True, order=True)
class Discrepancy:
    """One reading that does not add up."""

    producer_id: str
    device_id: str
    sequence: int
    where: Where | None = None

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        return f"{self.producer_id}/{self.device_id}#{self.sequence}{place}"


@dataclass(slots=True)
class LedgerVerdict:
    """What the ledger says. ``str()`` is for the operator."""

    attempted: int = 0
    acknowledged: int = 0
    stored: int = 0
    lost: list[Discrepancy] = field(default_factory=list)
    unexpected: list[Discrepancy] = field(default_factory=list)
    corrupt: list[Discrepancy] = field(default_factory=list)
    recovered: int = 0
    unacknowledged: int = 0
    duplicates: int = 0
    out_of_order: int = 0

    @property
    def holds(self) -> bool:
        """Nothing lost, nothing unexpected, nothing corrupt."""
        return not (self.lost or self.unexpected or self.corrupt)

    def __str__(self) -> str:
        summary = (
            f"{'holds' if self.holds else 'VIOLATED'}: {self.acknowledged} acknowledged of {self.attempted} attempted,"
            f" {self.stored} stored; lost {len(self.lost)}, unexpected {len(self.unexpected)},"
            f" corrupt {len(self.corrupt)}; recovered {self.recovered}, never acknowledged {self.unacknowledged},"
            f" duplicates in the topic {self.duplicates}, out of order {self.out_of_order}"
        )
        named = (("lost", self.lost), ("unexpected", self.unexpected), ("corrupt", self.corrupt))
        return "\n".join([summary, *(f"  {name}: {_some(findings)}" for name, findings in named if findings)])


def _some(findings: list[Discrepancy]) -> str:
    more = f" and {len(findings) - 5} more" if len(findings) > 5 else ""
    return ", ".join(map(str, findings[:5])) + more


@dataclass(frozen=True, slots=True)
class History:
    """What is judged: what was handed to Kafka (each once), what Kafka acknowledged, what the topic holds, the group's
    committed offset per partition, and what the store holds (one entry per point).
    """

    attempted: Records
    acknowledged: Mapping[Series, set[int]]
    topic: TopicLog
    committed: Mapping[int, int]
    stored: Records


def judge(history: History, *, at_least: int = 1) -> LedgerVerdict:
    """Hold the accounts against each other.

    Raises:
        NoData: fewer than ``at_least`` acknowledged readings: too few to say anything.
    """
    acknowledged = sum(map(len, history.acknowledged.values()))
    if acknowledged < at_least:
        raise NoData(f"{acknowledged} acknowledged readings, at least {at_least} are needed to judge")
    verdict = LedgerVerdict(attempted=len(history.attempted), acknowledged=acknowledged, stored=len(history.stored))
    everything = {*history.attempted, *history.acknowledged, *history.topic.records, *history.stored}
    for series in sorted(everything):
        _judge_series(history, series, verdict)
    return verdict


def _judge_series(history: History, series: Series, verdict: LedgerVerdict) -> None:
    attempted = dict(zip(history.attempted.sequences(series), history.attempted.checksums(series), strict=True))
    acknowledged = history.acknowledged.get(series, set())
    stored = set(history.stored.sequences(series))
    missing = acknowledged - stored
    if missing:
        verdict.lost += _attributed(history, series, missing)
    verdict.unexpected += [Discrepancy(*series, sequence) for sequence in sorted(stored - attempted.keys())]
    verdict.corrupt += [Discrepancy(*series, sequence) for sequence in sorted(_corrupt(history, series, attempted))]
    verdict.recovered += len((stored & attempted.keys()) - acknowledged)
    verdict.unacknowledged += len(attempted.keys() - acknowledged)
    in_topic = history.topic.records.sequences(series)
    first_times = dict.fromkeys(in_topic)
    verdict.duplicates += len(in_topic) - len(first_times)
    verdict.out_of_order += _out_of_order(first_times)


def _attributed(history: History, series: Series, missing: set[int]) -> list[Discrepancy]:
    in_topic = set(history.topic.records.sequences(series))
    pending = history.topic.beyond(series, history.committed) if in_topic else set()

    def where(sequence: int) -> Where:
        if sequence not in in_topic:
            return Where.BROKER
        return Where.PENDING if sequence in pending else Where.PROCESSOR_OR_STORE

    return [Discrepancy(*series, sequence, where(sequence)) for sequence in sorted(missing)]


def _corrupt(history: History, series: Series, attempted: Mapping[int, int]) -> set[int]:
    """Sent with one content and found, in the topic or in the store, with another."""
    corrupt: set[int] = set()
    for records in (history.topic.records, history.stored):
        found = zip(records.sequences(series), records.checksums(series), strict=True)
        corrupt.update(sequence for sequence, checksum in found if attempted.get(sequence, checksum) != checksum)
    return corrupt


def _out_of_order(sequences: Iterable[int]) -> int:
    """How many come after a higher one of the same device."""
    highest, count = -1, 0
    for sequence in sequences:
        if sequence < highest:
            count += 1
        else:
            highest = sequence
    return count


def from_topic(topic: TopicLog) -> tuple[Records, dict[Series, set[int]]]:
    """Attempted and acknowledged as the topic alone shows them, for faults of the producer itself.

    A life of a producer numbers without gaps and in order, so whatever lies below its highest number was handed over
    before. Only fit to judge where the broker was left alone: the topic cannot show what the broker lost at its end.
    """
    attempted = Records()
    acknowledged: dict[Series, set[int]] = {}
    for series in topic.records:
        known = dict(zip(topic.records.sequences(series), topic.records.checksums(series), strict=True))
        for sequence, checksum in known.items():
            attempted.add(series, sequence, checksum)
        acknowledged[series] = set(known)
    return attempted, acknowledged


def gaps(topic: TopicLog) -> list[Discrepancy]:
    """Readings that a producer's life numbered and that are not in the topic, though later ones are."""
    found: list[Discrepancy] = []
    for series in sorted(topic.records):
        present = set(topic.records.sequences(series))
        found += [
            Discrepancy(*series, sequence, Where.PRODUCER)
            for sequence in range(max(present))
            if sequence not in present
        ]
    return found
