"""Whether a copy holds what it should, and which point is the first that differs. Pure: readers are passed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from pipeline_services.maintenance.influxdb.fingerprint import Fingerprint, Series, SeriesPrint, Stored, points_in
from pipeline_services.model.text import duration, plural, utc_ns

READ_AT_ONCE: Final = 5_000
"""Points of a series that are read, not halved further."""
NANO: Final = 1_000_000_000

Fields = Mapping[str, Any]
"""The values of one point, by field."""


class Look(Protocol):
    """One series of one server."""

    def print_of(self, start: int, stop: int) -> SeriesPrint | None:
        """The print of the points from ``start`` up to, not with, ``stop`` (ns); None where there is none."""
        ...

    def points(self, start: int, stop: int) -> Mapping[int, Fields]:
        """The points themselves, by time (ns)."""
        ...


@dataclass(frozen=True, slots=True)
class PointDifference:
    """The first point in which a copy differs. None for fields: there is no such point on that side."""

    time_ns: int
    expected: Fields | None
    found: Fields | None

    def __str__(self) -> str:
        at = f"at {utc_ns(self.time_ns)}"
        if self.found is None:
            return f"{at} a point is missing: {_listed(self.expected or {})}"
        if self.expected is None:
            return f"{at} there is a point that was never stored: {_listed(self.found)}"
        names = sorted(self.expected.keys() | self.found.keys())
        name = next(name for name in names if self.expected.get(name) != self.found.get(name))
        return f"{at} {name} is {self.found.get(name)!r}; stored was {self.expected.get(name)!r}"


def first_difference(expected: Look, found: Look, start: int, stop: int) -> PointDifference | None:
    """The earliest point from ``start`` up to ``stop`` (ns) in which two series differ; None where none does.

    Halves the time until few enough points are left to read, so at most about twice the series is read.
    """
    if expected.print_of(start, stop) == found.print_of(start, stop):
        return None
    while stop - start > 1 and _many(expected.print_of(start, stop), found.print_of(start, stop)):
        middle = (start + stop) // 2
        if expected.print_of(start, middle) != found.print_of(start, middle):
            stop = middle
        else:
            start = middle
    return _first_of(expected.points(start, stop), found.points(start, stop))


def _many(*prints: SeriesPrint | None) -> bool:
    return any(one is not None and one.points > READ_AT_ONCE for one in prints)


def _first_of(expected: Mapping[int, Fields], found: Mapping[int, Fields]) -> PointDifference | None:
    for at in sorted(expected.keys() | found.keys()):
        if expected.get(at) != found.get(at):
            return PointDifference(at, expected.get(at), found.get(at))
    return None


@dataclass(frozen=True, slots=True)
class BucketDifference:
    """What a copy of a bucket lacks, has too much, or has otherwise."""

    bucket: str
    expected_points: int
    found_points: int
    missing: Sequence[Series] = ()
    unexpected: Sequence[Series] = ()
    changed: Sequence[Series] = ()
    expired: str = ""

    @property
    def first(self) -> Series | None:
        """The series to look into, a changed one before a missing one; None where every series is as it should be."""
        return next(iter([*self.changed, *self.missing, *self.unexpected]), None)

    def __str__(self) -> str:
        if not self.found_points:
            return f"{self.bucket} is empty; {plural(self.expected_points, 'point')} expected{self.expired}"
        counts = f"{plural(self.found_points, 'point')} of {self.expected_points}"
        parts = {"changed": self.changed, "missing": self.missing, "never stored": self.unexpected}
        said = [f"{plural_series(len(some))} {what}, first {some[0]}" for what, some in parts.items() if some]
        return f"{self.bucket} ({counts}): {'; '.join(said)}{self.expired}"


def plural_series(count: int) -> str:
    """``1 series``, ``2 series``."""
    return f"{count} series"


def compared(expected: Stored, found: Stored, retention_s: Mapping[str, int], now: float) -> list[BucketDifference]:
    """What differs between what was stored and a copy of it, bucket by bucket.

    Args:
        retention_s: how long each bucket of the copy stores, in seconds; 0 for ever.
        now: seconds since the epoch.
    """
    names = sorted(expected.buckets.keys() | found.buckets.keys())
    pairs = ((name, expected.buckets.get(name, {}), found.buckets.get(name, {})) for name in names)
    return [_difference(*pair, retention_s.get(pair[0], 0), now) for pair in pairs if dict(pair[1]) != dict(pair[2])]


def _difference(bucket: str, expected: Fingerprint, found: Fingerprint, retention: int, now: float) -> BucketDifference:
    lacking = sorted(series for series, known in expected.items() if found.get(series) != known)
    return BucketDifference(
        bucket,
        points_in(expected),
        points_in(found),
        missing=[series for series in lacking if series not in found],
        unexpected=sorted(found.keys() - expected.keys()),
        changed=[series for series in lacking if series in found],
        expired=_expired([expected[series] for series in lacking], retention, now),
    )


def _expired(lacking: Sequence[SeriesPrint], retention: int, now: float) -> str:
    """The reason why a copy has less than was stored, where the bucket itself drops it."""
    oldest = min((one.first_ns for one in lacking), default=0) / NANO
    if not retention or not lacking or oldest >= now - retention:
        return ""
    return f"; some of it is older than the bucket's retention of {duration(retention)}, so InfluxDB deletes it"


def types_differing(expected: Stored, found: Stored) -> list[str]:
    """Fields whose type a copy has not, a line each."""
    wanted = {(bucket, name): kind for bucket, known in expected.types.items() for name, kind in known.items()}
    there = {(bucket, name): kind for bucket, known in found.types.items() for name, kind in known.items()}
    return [
        f"{bucket}: {name} is {there.get((bucket, name), 'missing')}; stored was {kind}"
        for (bucket, name), kind in sorted(wanted.items())
        if there.get((bucket, name)) != kind
    ]


def _listed(fields: Fields) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in sorted(fields.items()))
