"""Is a backup of InfluxDB worth anything? What was stored is compared with what a restored copy holds."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.maintenance.influxdb.contents import Contents, differing
from pipeline_services.maintenance.influxdb.difference import (
    NANO,
    BucketDifference,
    compared,
    first_difference,
    types_differing,
)
from pipeline_services.maintenance.influxdb.fingerprint import Series, Span, Stored
from pipeline_services.maintenance.influxdb.server import InfluxServer, SeriesOnServer
from pipeline_services.model.configuration import Store
from pipeline_services.model.errors import NoData, PreconditionNotMet, UnexpectedAnswer

SETTLED_S: Final = 300
"""How old the newest points are that are compared: late ones have arrived, so that two looks see the same."""
MARGIN_S: Final = 3_600
"""How far from its retention the oldest compared point is: nothing of it is deleted while that is compared."""
MARKER: Final = "backup_marker"
"""The measurement of the point that is stored after a backup was taken, and so must not be in it."""
ALL_TIME: Final = (0, 2**62)
"""1970 to 2116, in ns since the epoch."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """What was stored when a backup was taken, as far as it does not change any more."""

    stored: Stored
    contents: Contents

    def to_dict(self) -> dict[str, Any]:
        return {"stored": self.stored.to_dict(), "contents": self.contents.to_dict()}

    @classmethod
    def from_dict(cls, known: Mapping[str, Any]) -> Frozen:
        """Back from JSON. Raises UnexpectedAnswer where it is something else."""
        if not isinstance(known, Mapping) or not known.keys() >= {"stored", "contents"}:
            raise UnexpectedAnswer("the archive does not say what InfluxDB held")
        return cls(Stored.from_dict(known["stored"]), Contents.from_dict(known["contents"]))


def frozen_spans(retention_s: Mapping[str, int], now: float) -> dict[str, Span]:
    """By bucket the span of time (ns) in which nothing is added any more and nothing is deleted yet. Pure.

    Args:
        retention_s: how long each bucket stores its points, in seconds; 0 for ever.
        now: seconds since the epoch.
    """
    stop = int((now - SETTLED_S) * NANO)
    oldest = {name: now - kept + min(MARGIN_S, kept / 10) for name, kept in retention_s.items() if kept}
    return {name: (int(oldest.get(name, 0) * NANO), stop) for name in retention_s}


def clipped(spans: Mapping[str, Span], retention_s: Mapping[str, int], now: float) -> dict[str, Span]:
    """The spans of an archive without what a server's retention deletes by now. Pure."""
    today = frozen_spans(retention_s, now)
    both = {name: (max(spans[name][0], today[name][0]), spans[name][1]) for name in spans.keys() & today.keys()}
    return {name: span for name, span in both.items() if span[0] < span[1]}


def frozen(server: InfluxServer, now: float) -> Frozen:
    """What a server holds and will hold for a while."""
    return Frozen(server.stored(frozen_spans(server.retention_s(), now)), server.contents())


def require_points(stored: Stored) -> None:
    """There is something to compare. Raises NoData where there is not."""
    if not stored.points:
        raise NoData(f"no point older than {SETTLED_S} s is stored, so there is nothing to restore")


@contextmanager
def marked(server: InfluxServer, store: Store, at: float) -> Iterator[Series]:
    """A point of its own within the block, stored at ``at`` (seconds since the epoch) and deleted after it."""
    series = Series.of(MARKER, {"run": secrets.token_hex(8)})
    try:
        line = f"{series} value=1 {int(at * NANO)}".encode()
        server.change("POST", "/api/v2/write", line, org=store.org, bucket=store.bucket)
        yield series
    finally:
        server.bucket(store.bucket).delete(*ALL_TIME, f'_measurement="{MARKER}"')


def holds(server: InfluxServer, bucket: str, series: Series) -> bool:
    """Whether a server has any point of a series."""
    return SeriesOnServer(server, bucket, series).print_of(*ALL_TIME) is not None


def missed_marker(live: InfluxServer, copy: InfluxServer, bucket: str, marker: Series) -> list[str]:
    """What the point says that was stored after the backup: only the live server may have it."""
    lines = (
        [] if holds(live, bucket, marker) else ["the point stored after the backup is not found where it was stored"]
    )
    return lines + (["the copy has a point that was stored after the backup"] if holds(copy, bucket, marker) else [])


def refused_tokens(copy: InfluxServer, tokens: Mapping[str, str]) -> list[str]:
    """Which tokens do not log in to a copy, and whether it lets in anybody.

    Args:
        tokens: by what each is called; their text is in no line.
    """
    lines = [f"the copy does not accept {name}" for name, token in tokens.items() if not copy.accepts(token)]
    return lines + (["the copy accepts a token that nobody made"] if copy.accepts(secrets.token_hex(16)) else [])


def findings(was: Frozen, copy: InfluxServer, now: float, live: InfluxServer | None = None) -> list[str]:
    """Everything in which a copy is not what was stored, a line each; none means that the backup is proved.

    Args:
        live: the server that was backed up, where it still holds that: then the first point that differs is named.

    Raises:
        PreconditionNotMet: old points arrived at the live server while it was backed up.
    """
    found = copy.stored(was.stored.spans)
    differences = compared(was.stored, found, copy.retention_s(), now)
    lines = [_explained(one, was.stored.spans, live, copy) for one in differences]
    return [*lines, *types_differing(was.stored, found), *differing(was.contents, copy.contents())]


def _explained(
    difference: BucketDifference, spans: Mapping[str, Span], live: InfluxServer | None, copy: InfluxServer
) -> str:
    series, bucket = difference.first, difference.bucket
    if live is None or series is None:
        return str(difference)
    one, other = (SeriesOnServer(server, bucket, series) for server in (live, copy))
    point = first_difference(one, other, *spans[bucket])
    if point is None:
        raise PreconditionNotMet(
            f"{difference}; the live server has it like this too: old points arrived meanwhile",
            next_step="the same command again",
        )
    return f"{difference}; {point}"
