"""Kafka's part of an archive: written, restored into a copy, compared; and damaged on purpose, to see that noticed."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from pipeline_services.maintenance.kafka.records import (
    Place,
    Record,
    first_difference,
    from_line,
    position_in_copy,
    resumed_wrongly,
    to_line,
    topics_differing,
)
from pipeline_services.model.configuration import Topics
from pipeline_services.model.errors import NoData, UnexpectedAnswer, readable
from pipeline_services.model.waiting import wait_until

WINDOW_S: Final = 3_600
"""How far back records are kept."""
NEXT_WITHIN_S: Final = 30.0
"""Seconds for a record to come after what the group has committed, in each partition that is busy."""
BUSY_S: Final = 60
"""Seconds within which a busy partition got a record; in any other the group may have nothing to go on with."""
CONTROL: Final = "control"


class Copy(Protocol):
    """What is asked of a broker, and done to a copy."""

    def described(self, names: Iterable[str]) -> dict[str, Any]: ...
    def make(self, topics: Mapping[str, Any]) -> None: ...
    def committed(self, group: str, places: Sequence[Place]) -> dict[Place, int]: ...
    def commit(self, group: str, offsets: Mapping[Place, int]) -> None: ...
    def window(self, places: Sequence[Place], since_ms: int) -> dict[Place, tuple[int, int]]: ...
    def records(self, place: Place, start: int, stop: int) -> Iterator[Record]: ...
    def write(self, place: Place, records: Sequence[Record]) -> None: ...
    def resumed(self, group: str, places: Sequence[Place]) -> dict[Place, Record | None]: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """What Kafka's part of an archive says.

    Attributes:
        topics: by name the partitions and settings.
        committed: offsets of the group, in the numbers of the broker that was backed up.
        counts: the records kept of each partition.
    """

    topics: Mapping[str, Any]
    group: str
    committed: Mapping[Place, int]
    counts: Mapping[Place, int]

    @property
    def records(self) -> int:
        return sum(self.counts.values())

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        committed, counts = (
            [[*place, number] for place, number in one.items()] for one in (self.committed, self.counts)
        )
        return {"topics": dict(self.topics), "group": self.group, "committed": committed, "counts": counts}

    @classmethod
    def from_dict(cls, known: Mapping[str, Any]) -> Kept:
        """Back from JSON. Raises UnexpectedAnswer where it is something else."""
        with readable("what an archive says of Kafka"):
            committed, counts = (
                {(topic, number): value for topic, number, value in known[key]} for key in ("committed", "counts")
            )
            return cls(dict(known["topics"]), str(known["group"]), committed, counts)


def back_up(broker: Copy, topics: Topics, folder: Path, at: float) -> Kept:
    """Write topics, committed offsets and the records of the last hour into ``folder``.

    The offsets are read first: what comes after them is kept, so that it is known where the group goes on.

    Raises:
        NoData: the group has committed nothing, or nothing comes.
        PipelineError: Kafka does not give everything.
    """
    described = broker.described(topics.least_partitions)
    places = [(name, number) for name, one in sorted(described.items()) for number in range(one["partitions"])]
    committed = broker.committed(topics.group, [place for place in places if place[0] == topics.readings])
    if not committed:
        raise NoData(f"the group {topics.group} has committed nothing, so it is not known where it goes on")

    recent = broker.window(list(committed), int((at - BUSY_S) * 1_000))
    busy = [place for place, (first, end) in recent.items() if first < end]
    if not busy:
        raise NoData(
            f"no record came to {topics.readings} within {BUSY_S} s, so it is not known where the group goes on"
        )

    def all_have_a_next() -> dict[Place, tuple[int, int]] | None:
        seen = broker.window(places, int((at - WINDOW_S) * 1_000))
        return seen if all(seen[place][1] > committed[place] for place in busy) else None

    found = wait_until(all_have_a_next, within=NEXT_WITHIN_S, what="a record after each committed offset", every=1.0)
    windows = found or {}
    counts = {}
    for place, (first, stop) in windows.items():
        start = min(first, committed.get(place, first))
        counts[place] = _write(folder, place, broker.records(place, start, stop))
    return Kept(described, topics.group, committed, counts)


def _write(folder: Path, place: Place, records: Iterator[Record]) -> int:
    with gzip.open(_file(folder, place), "wt", compresslevel=1, encoding="ascii") as file:
        return sum(bool(file.write(f"{to_line(record)}\n")) for record in records)


def _file(folder: Path, place: Place) -> Path:
    return folder / f"{place[0]}.{place[1]}.jsonl.gz"


def kept_records(folder: Path, place: Place) -> Iterator[Record]:
    """The records of a partition, from an archive.

    Raises:
        NoData: their file is missing.
        UnexpectedAnswer: it ends too early, or has something else in it.
    """
    file = _file(folder, place)
    if not file.is_file():
        raise NoData(f"the backup of Kafka lacks {file.name}")
    try:
        with gzip.open(file, "rt", encoding="ascii") as lines:
            yield from map(from_line, lines)
    except (EOFError, OSError) as error:
        raise UnexpectedAnswer(f"{file.name} cannot be read to its end: {error}") from error


def restore_into(copy: Copy, kept: Kept, folder: Path) -> None:
    """Make topics, records and the group's offsets in an empty broker, whose partitions begin at 0."""
    copy.make(kept.topics)
    for place in kept.counts:
        copy.write(place, list(kept_records(folder, place)))
    copy.commit(kept.group, positions(kept, folder))


def positions(kept: Kept, folder: Path) -> dict[Place, int]:
    """The group's offsets in the numbers of a copy."""
    return {
        place: position_in_copy(list(kept_records(folder, place)), offset) for place, offset in kept.committed.items()
    }


def next_records(kept: Kept, folder: Path) -> dict[Place, Record | None]:
    """The record with which the group has to go on, by partition; None: it has read all that was kept.

    Raises:
        NoData: there is none in any partition, so that nothing could be told from it.
    """
    found = {
        place: next((one for one in kept_records(folder, place) if one.offset >= offset), None)
        for place, offset in kept.committed.items()
    }
    if not any(found.values()):
        raise NoData("no record after any committed offset was kept")
    return found


def findings(copy: Copy, kept: Kept, folder: Path) -> list[str]:
    """Everything in which a copy is not what was kept, a line each; none means that the backup is proved."""
    lines = topics_differing(kept.topics, copy.described(kept.topics))
    ends = copy.window(list(kept.counts), 0)
    lines += [
        line
        for place in kept.counts
        if (line := first_difference(place, kept_records(folder, place), copy.records(place, 0, ends[place][1])))
    ]
    return [*lines, *resumed_wrongly(next_records(kept, folder), copy.resumed(kept.group, list(kept.committed)))]


def controls(copy: Copy, kept: Kept, folder: Path) -> Iterator[tuple[str, str, bool]]:
    """What was damaged, what the comparison said of it, and whether that names the damage."""
    place = max(kept.counts, key=lambda one: kept.counts[one])
    records = list(kept_records(folder, place))
    missing = records[len(records) // 2]
    copy.make({CONTROL: {"partitions": 1, "settings": {}}})
    copy.write((CONTROL, 0), [one for one in records if one is not missing])
    end = copy.window([(CONTROL, 0)], 0)[CONTROL, 0][1]
    said = first_difference(place, records, copy.records((CONTROL, 0), 0, end))
    yield "one record of Kafka missing", said, f"stored was {missing} " in said or f"{missing} is missing" in said
    expected = next_records(kept, folder)
    with _shifted(copy, kept, folder):
        lines = resumed_wrongly(expected, copy.resumed(kept.group, list(kept.committed)))
    yield "Kafka's offsets shifted by one", "; ".join(lines), len(lines) == sum(map(bool, expected.values()))


@contextmanager
def _shifted(copy: Copy, kept: Kept, folder: Path) -> Iterator[None]:
    right = positions(kept, folder)
    next_ones = next_records(kept, folder)
    copy.commit(kept.group, {place: offset + 1 for place, offset in right.items() if next_ones[place]})
    try:
        yield
    finally:
        copy.commit(kept.group, right)
