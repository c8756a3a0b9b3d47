"""What each run saw of the pipeline, kept beside the reports: a review goes on with it where Prometheus forgot.

One line of JSON for each run that looked, for 35 days; of the days before the last one only the last line of each hour.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pipeline_services.judgements import history, readings, recurring
from pipeline_services.judgements.history import reading_key
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.installation import UID, Installation
from pipeline_services.model.json_lines import tables_in, write_tables
from pipeline_services.model.metrics.key_metrics import metrics_of
from pipeline_services.snapshot.snapshot import Snapshot

FILE: Final = "history/looks.jsonl"
KEPT_S: Final = 35 * 86_400.0
ALL_FOR_S: Final = 86_400.0
HOUR_S: Final = 3600.0
_PLACE: Final = ("context", "namespace", UID)
DAILY: Final = "daily"
NIGHTLY: Final = DAILY
"""The folder in which the nightly run has the reports of its daily checks; the reviews have theirs beside it."""


def look(snapshot: Snapshot, kind: str) -> dict[str, Any]:
    """What there is to keep of a snapshot: all readings of key metrics that are known, and what was warned of.

    Args:
        kind: of the run that took it.
    """
    place = {**_place(history.installation(snapshot)), "kind": kind}
    seen = recurring.seen_now(snapshot) if "events" in snapshot.answers else []
    return {"at": round(snapshot.taken_at), **place, "readings": dict(_readings(snapshot)), "seen": seen}


def break_of(kind: str, where: Installation, begin: float, end: float) -> dict[str, Any]:
    """What there is to keep of a run that broke things on purpose between two moments (epoch seconds)."""
    return {"at": round(begin), "until": round(end), **_place(where), "kind": kind, "readings": {}, "seen": []}


def _place(where: Installation) -> dict[str, Any]:
    return {key: value for key, value in where.document().items() if key in _PLACE}


def _readings(snapshot: Snapshot) -> Iterator[tuple[str, float]]:
    for metric in metrics_of(snapshot.pipeline).values():
        for subject in metric.cases(snapshot.pipeline):
            try:
                value = readings.read(snapshot, metric, subject).value
            except PipelineError:  # it is not known, which its own check says; so there is nothing to keep
                continue
            if math.isfinite(value):
                yield reading_key(metric.id, subject), round(value, 6)


def add(reports: Path, line: Mapping[str, Any]) -> None:
    """Put a look, or a break, behind the earlier ones, the oldest of which go. Its owner alone may read the file."""
    kept = thinned([*_read(reports / FILE), line], line.get("until", line["at"]))
    write_tables(reports / FILE, kept, mode=0o600)


def thinned(looks: Sequence[Mapping[str, Any]], now: float) -> list[Mapping[str, Any]]:
    """The looks that are kept, in the order of time."""
    by_time = {_slot(look, now): look for look in _ordered(looks)}
    return [look for look in _ordered(by_time.values()) if now - look["at"] < KEPT_S]


def _slot(look: Mapping[str, Any], now: float) -> tuple[object, ...]:
    """Of the looks with the same one the last is kept; a review is kept in any case, and so is a break."""
    at, kind, place = look["at"], look["kind"], [look.get(key) for key in _PLACE]
    return (at if now - at < ALL_FOR_S or kind != DAILY else at // HOUR_S, kind, *place)


def read(reports: Path, snapshot: Snapshot) -> list[Mapping[str, Any]]:
    """The earlier looks at the snapshot's installation, those of the nightly run included, in the order of time."""
    found = [*_read(reports / FILE), *_read(reports / NIGHTLY / FILE)]
    here = history.installation(snapshot)
    return _ordered(one for one in found if here.has(one, one["at"]))


def _ordered(looks: Any) -> list[Mapping[str, Any]]:
    return sorted(looks, key=lambda look: float(look["at"]))


def _read(file: Path) -> list[Mapping[str, Any]]:
    """The looks of a file; a line that is none is left out."""
    return [one for one in tables_in(file) if _is_look(one)]


def _is_look(found: Mapping[str, Any]) -> bool:
    known = isinstance(found.get("readings"), dict) and isinstance(found.get("at"), int | float)
    return known and {"context", "namespace", "kind", "seen"} <= found.keys()
