"""Points made by hand: a server that holds them, and what is asked of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline_services.maintenance.influxdb.fingerprint import (
    Chunk,
    Series,
    SeriesHasher,
    SeriesPrint,
    Stored,
    fingerprint,
)

Points = dict[int, dict[str, Any]]
SENSOR = Series.of("reading", {"device": "d1"})
OTHER = Series.of("reading", {"device": "d2"})
HOUR_AGO_NS = (int(time.time()) - 3_600) * 10**9
BUCKET = "sensors"


def readings(count: int, *, start: int = 0, step: int = 1_000) -> Points:
    """Points a step (ns) apart."""
    return {start + number * step: {"sequence": number, "value": number / 8} for number in range(count)}


def _an_hour_ago(count: int) -> Points:
    return {HOUR_AGO_NS + n * 10**9: {"sequence": n, "value": n / 8 + 0.5} for n in range(count)}


HELD = {BUCKET: {"reading,device=d1": _an_hour_ago(8), "reading,device=d2": _an_hour_ago(10)}, "other": {}}
"""What the server that is backed up holds, by bucket and series."""


def chunks(series: Series, points: Points, size: int = 7) -> Iterator[Chunk]:
    """As a server sends them."""
    fields = sorted({name for values in points.values() for name in values})
    rows = [[at, *(values.get(name) for name in fields)] for at, values in sorted(points.items())]
    for number in range(0, len(rows), size):
        yield Chunk(series, fields, rows[number : number + size])


class Held:
    """One series of a server; counts the points that were read of it."""

    def __init__(self, points: Points) -> None:
        self.held = points
        self.read = 0

    def print_of(self, start: int, stop: int) -> SeriesPrint | None:
        hasher = SeriesHasher()
        for chunk in chunks(SENSOR, self.points(start, stop)):
            hasher.add(chunk.fields, chunk.rows)
        found = hasher.finished()
        return found if found.points else None

    def points(self, start: int, stop: int) -> Points:
        found = {at: values for at, values in self.held.items() if start <= at < stop}
        self.read += len(found)
        return found


def stored(buckets: Mapping[str, Mapping[Series, Points]]) -> Stored:
    """What is stored, with its prints."""
    prints = {
        name: fingerprint(chunk for series, points in held.items() for chunk in chunks(series, points))
        for name, held in buckets.items()
    }
    return Stored(dict.fromkeys(buckets, (0, 10**18)), prints, {name: {"reading.value": "float"} for name in buckets})
