"""What a bucket holds, as one ordered hash per series over (time, field, value). Pure.

The memory it takes grows with the number of series, never with the number of points: a point is hashed and forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise
from operator import itemgetter
from typing import Any, Final

from pipeline_services.model.errors import UnexpectedAnswer, readable

DIGEST_BYTES: Final = 16

Span = tuple[int, int]
"""From, up to and not including; ns since the epoch."""


@dataclass(frozen=True, slots=True, order=True)
class Series:
    """A measurement and its tags, sorted by name; a tag without a value is none."""

    measurement: str
    tags: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, measurement: str, tags: Mapping[str, str]) -> Series:
        return cls(measurement, tuple(sorted((name, value) for name, value in tags.items() if value)))

    def __str__(self) -> str:
        return ",".join([self.measurement, *(f"{name}={value}" for name, value in self.tags)])


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some points of one series: each row has the time (ns since the epoch) and a value, or None, for each field."""

    series: Series
    fields: Sequence[str]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class SeriesPrint:
    """How many points a series has, the times of the first and the last (ns since the epoch), and the hash of all."""

    points: int
    first_ns: int
    last_ns: int
    digest: str


Fingerprint = Mapping[Series, SeriesPrint]
"""A bucket's series, each with its hash."""


class SeriesHasher:
    """Hashes the points of one series as they come; how they are cut into chunks does not matter."""

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=DIGEST_BYTES)
        self._points = 0
        self._first = self._last = -1

    def add(self, fields: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Enter points that follow those entered so far.

        Raises:
            UnexpectedAnswer: they are not in the order of time, so that their hash would say nothing.
        """
        if not rows:
            return
        times = [self._last, *map(itemgetter(0), rows)] if self._points else list(map(itemgetter(0), rows))
        if any(later <= earlier for earlier, later in pairwise(times)):
            raise UnexpectedAnswer("points of a series do not come in the order of time")
        if not self._points:
            self._first = times[0]
        self._points, self._last = self._points + len(rows), times[-1]
        self._hash.update(_canonical(fields, rows))

    def finished(self) -> SeriesPrint:
        """The print of what was entered."""
        return SeriesPrint(self._points, self._first, self._last, self._hash.hexdigest())


def fingerprint(chunks: Iterable[Chunk]) -> dict[Series, SeriesPrint]:
    """The print of each series of a stream of chunks.

    Raises:
        UnexpectedAnswer: the points of a series are not in the order of time.
    """
    hashers: dict[Series, SeriesHasher] = {}
    for chunk in chunks:
        hashers.setdefault(chunk.series, SeriesHasher()).add(chunk.fields, chunk.rows)
    return {series: hasher.finished() for series, hasher in hashers.items()}


def points_in(prints: Fingerprint) -> int:
    return sum(one.points for one in prints.values())


def _canonical(fields: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """One line for each value, the fields of a point in the order of their names: they may be asked for in any."""
    order = [(name, number) for number, name in sorted(enumerate(fields, 1), key=itemgetter(1))]
    return "".join(
        f"{row[0]}\x1f{name}\x1f{row[number]!r}\n" for row in rows for name, number in order if row[number] is not None
    ).encode()


@dataclass(frozen=True, slots=True)
class Stored:
    """What InfluxDB holds: a print of each bucket in a span of time, and the types of its fields.

    Attributes:
        spans: by bucket.
        buckets: by name.
        types: by bucket, "measurement.field" to "float" and the like: numbers alone do not show it.
    """

    spans: Mapping[str, Span]
    buckets: Mapping[str, Fingerprint]
    types: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def points(self) -> int:
        return sum(map(points_in, self.buckets.values()))

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        rows = {
            name: [[s.measurement, dict(s.tags), p.points, p.first_ns, p.last_ns, p.digest] for s, p in prints.items()]
            for name, prints in self.buckets.items()
        }
        return {
            "spans": {name: list(span) for name, span in self.spans.items()},
            "buckets": rows,
            "types": {name: dict(known) for name, known in self.types.items()},
        }

    @classmethod
    def from_dict(cls, known: Mapping[str, Any]) -> Stored:
        """Back from JSON. Raises UnexpectedAnswer where it is something else."""
        with readable("the prints of a backup"):
            buckets = {
                name: {Series.of(row[0], row[1]): SeriesPrint(*row[2:]) for row in rows}
                for name, rows in known["buckets"].items()
            }
            spans = {name: (int(start), int(stop)) for name, (start, stop) in known["spans"].items()}
            return cls(spans, buckets, known["types"])
