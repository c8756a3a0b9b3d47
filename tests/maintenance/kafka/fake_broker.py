"""A broker in memory, as far as a backup asks it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipeline_services.maintenance.kafka.records import Place, Record


class FakeBroker:
    """``logs`` has the records of each partition in order, ``offsets`` those that the group has committed."""

    def __init__(self) -> None:
        self.made: dict[str, Any] = {}
        self.logs: dict[Place, list[Record]] = {}
        self.offsets: dict[Place, int] = {}

    def described(self, names: Iterable[str]) -> dict[str, Any]:
        return {name: known for name, known in self.made.items() if name in names}

    def make(self, topics: Mapping[str, Any]) -> None:
        self.made |= topics
        self.logs |= {(name, number): [] for name, one in topics.items() for number in range(one["partitions"])}

    def committed(self, group: str, places: Sequence[Place]) -> dict[Place, int]:
        return {place: self.offsets[place] for place in places if place in self.offsets}

    def commit(self, group: str, offsets: Mapping[Place, int]) -> None:
        self.offsets |= offsets

    def window(self, places: Sequence[Place], since_ms: int) -> dict[Place, tuple[int, int]]:
        return {place: (self._first(place, since_ms), self._end(place)) for place in places}

    def _end(self, place: Place) -> int:
        log = self.logs[place]
        return log[-1].offset + 1 if log else 0

    def _first(self, place: Place, since_ms: int) -> int:
        return next((one.offset for one in self.logs[place] if one.timestamp_ms >= since_ms), self._end(place))

    def records(self, place: Place, start: int, stop: int) -> Iterator[Record]:
        return iter([one for one in self.logs[place] if start <= one.offset < stop])

    def write(self, place: Place, records: Sequence[Record]) -> None:
        for one in records:
            self.logs[place].append(replace(one, offset=self._end(place)))

    def resumed(self, group: str, places: Sequence[Place]) -> dict[Place, Record | None]:
        return {
            place: next((one for one in self.logs[place] if one.offset >= self.offsets.get(place, 0)), None)
            for place in places
        }
