"""The ledger: compares what was sent, acknowledged, written to the topic and stored. Pure.

Sets are compared, not counts: a loss and a duplicate cancel in counts. A reading is known by its series, which is
(producer_id, device_id), and its sequence; its checksum stands for all of its content.

What is acknowledged and not stored is *lost*, and the topic says where: not in the topic, the broker lost it; beyond
the committed offset, it is pending; below it, the processor or the store lost it. What is stored and was never sent is
*unexpected*; the same reading with other content is *corrupt*; stored without an acknowledgement is *recovered*, which
is no fault: the acknowledgement was lost, not the reading.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np

from pipeline_services.audit.column import Column, Marks, Numbering, Numbers, but_not, column, narrowest
from pipeline_services.audit.records import Records, Series, TopicLog
from pipeline_services.model.errors import NoData

WINDOW: Final = 2 << 20
"""Readings of one series whose contents are compared at a time, in 4 bytes each."""


class Where(StrEnum):
    """Which part a lost reading got lost in, or waits in."""

    PRODUCER = "producer"
    BROKER = "broker"
    PENDING = "pending"
    PROCESSOR_OR_STORE = "processor or store"


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
    acknowledged: Mapping[Series, Collection[int]]
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
    found = _Found(history, series)
    missing = but_not(found.acknowledged, found.stored)
    if missing.any():
        verdict.lost += _attributed(found, missing)
    unexpected = but_not(found.stored, found.attempted)
    verdict.unexpected += [Discrepancy(*series, one) for one in found.numbering.numbers(unexpected)]
    verdict.corrupt += [Discrepancy(*series, one) for one in found.numbering.numbers(found.corrupt())]
    verdict.recovered += int(but_not(found.stored & found.attempted, found.acknowledged).sum())
    verdict.unacknowledged += int(but_not(found.attempted, found.acknowledged).sum())
    in_topic, late = found.order()
    verdict.duplicates += len(history.topic.records.sequences(series)) - in_topic
    verdict.out_of_order += late


class _Found:
    """What is known of each sequence of one series, in arrays by its place."""

    def __init__(self, history: History, series: Series) -> None:
        self.history, self.series = history, series
        acknowledged = column(history.acknowledged.get(series, ()))
        sent, stored = history.attempted.sequences(series), history.stored.sequences(series)
        self.numbering = Numbering([sent, acknowledged, history.topic.records.sequences(series), stored])
        self.attempted, self.acknowledged, self.stored = map(self.numbering.marked, (sent, acknowledged, stored))

    def corrupt(self) -> Marks:
        """Sent with one content and found, in the topic or in the store, with another."""
        kind = narrowest(self.history.attempted.checksums(self.series))
        marks = np.zeros(self.numbering.size, dtype=np.bool_)
        for low in range(0, self.numbering.size, WINDOW):
            sent = np.zeros(min(WINDOW, self.numbering.size - low), dtype=kind)
            for places, checksums in self._within(self.history.attempted, low):
                sent[places - low] = checksums
            for records in (self.history.topic.records, self.history.stored):
                for places, checksums in self._within(records, low):
                    marks[places[self.attempted[places] & (sent[places - low] != checksums)]] = True
        return marks

    def _within(self, records: Records, low: int) -> Iterator[tuple[Numbers, Numbers]]:
        """Places and checksums of the records in the window that begins at this place."""
        for sequences, checksums in records.pieces(self.series):
            places = self.numbering.places(sequences)
            if places.max() < low or places.min() >= low + WINDOW:
                continue
            inside = (places >= low) & (places < low + WINDOW)
            yield places[inside], checksums[inside]

    def order(self) -> tuple[int, int]:
        """How many sequences are in the topic, and how many come first after a higher one of the same device."""
        seen = np.zeros(self.numbering.size, dtype=np.bool_)
        highest, late = -1, 0
        for sequences in self.history.topic.records.sequences(self.series).pieces():
            new = _first_times(sequences, seen, self.numbering)
            peaks = np.maximum.accumulate(np.concatenate([[highest], new]))
            late += int((new < peaks[:-1]).sum())
            highest = int(peaks[-1])
        return int(seen.sum()), late


def _first_times(sequences: Numbers, seen: Marks, numbering: Numbering) -> Numbers:
    """Those of the sequences that were not seen before, in their order; from here on they were."""
    places = numbering.places(sequences)
    if np.all(np.diff(places) > 0):
        new = ~seen[places]
    else:
        new = np.zeros(len(places), dtype=np.bool_)
        new[np.unique(places, return_index=True)[1]] = True
        new &= ~seen[places]
    seen[places] = True
    return sequences[new]


def _attributed(found: _Found, missing: Marks) -> list[Discrepancy]:
    topic = found.history.topic
    in_topic = found.numbering.marked(topic.records.sequences(found.series))
    below = topic.below(found.series, found.history.committed, found.numbering)

    def where(place: int) -> Where:
        if not in_topic[place]:
            return Where.BROKER
        return Where.PROCESSOR_OR_STORE if below[place] else Where.PENDING

    places = zip(np.flatnonzero(missing), found.numbering.numbers(missing), strict=True)
    return [Discrepancy(*found.series, sequence, where(int(place))) for place, sequence in places]


def from_topic(topic: TopicLog) -> tuple[Records, dict[Series, Column]]:
    """Attempted and acknowledged as the topic alone shows them, for faults of the producer itself.

    A life of a producer numbers without gaps and in order, so whatever lies below its highest number was handed over
    before. Only fit to judge where the broker was left alone: the topic cannot show what the broker lost at its end.
    """
    attempted = Records()
    for series in topic.records:
        attempted.enter(series, *_once(topic.records, series))
    return attempted, {series: attempted.sequences(series) for series in attempted}


def _once(records: Records, series: Series) -> tuple[Column, Column]:
    """Sequences and checksums of a series without repeats; the last content of a sequence counts."""
    sequences, checksums = records.sequences(series), records.checksums(series)
    numbering = Numbering([sequences])
    if int(numbering.marked(sequences).sum()) == len(sequences):
        return sequences, checksums
    content = dict(zip(sequences, checksums, strict=True))
    return Column(content), Column(content.values())


def gaps(topic: TopicLog) -> list[Discrepancy]:
    """Readings that a producer's life numbered and that are not in the topic, though later ones are."""
    return _gaps(topic, lambda _sequences: 0)


def missing_numbers(topic: TopicLog) -> list[Discrepancy]:
    """The gaps in the lives of producers, from the first number that the topic's part shows of each."""
    return _gaps(topic, lambda sequences: min(int(piece.min()) for piece in sequences.pieces()))


def _gaps(topic: TopicLog, first_of: Callable[[Column], int]) -> list[Discrepancy]:
    found: list[Discrepancy] = []
    for series in sorted(topic.records):
        sequences = topic.records.sequences(series)
        missing = _missing(sequences, first_of(sequences))
        found += [Discrepancy(*series, sequence, Where.PRODUCER) for sequence in missing]
    return found


def _missing(sequences: Column, first: int) -> list[int]:
    """The numbers from ``first`` up to the highest of the sequences that are not among them."""
    known = np.unique(np.concatenate([np.array([first - 1]), *sequences.pieces()]))
    before, steps = known[:-1], np.diff(known)
    holes = zip(before[steps > 1].tolist(), known[1:][steps > 1].tolist(), strict=True)
    return [number for low, high in holes for number in range(low + 1, high)]
