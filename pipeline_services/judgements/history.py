"""What earlier runs saw of the pipeline, where Prometheus does not remember it, and how much of a week is known. Pure.

A run that looks leaves a line: when it was, the reading of each key metric, what was warned of and logged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

from pipeline_services.judgements.growth import DAY_S
from pipeline_services.model.errors import NoData
from pipeline_services.model.installation import Installation
from pipeline_services.model.k8s import age, created_at
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.text import duration
from pipeline_services.snapshot.snapshot import INSTALLATION, Snapshot

SOURCE: Final = "history"
WEEK: Final = 7 * DAY_S
KNOWN_FOR: Final = 3 * 3600.0
"""Seconds that must be known for anything that is said of a week."""
COVERED: Final = 0.9
"""The part of the time looked back at that must be known; a run may be early by some hours."""
DAILY: Final = "pytest -m daily, once a day: what it reads is kept for the next review"
LONGEST_GAP: Final = 1 / 3
"""The part of that time of which nothing at all may be known in one piece: two days of a week."""

_WORKLOADS: Final = tuple(sorted({kind.source for kind in KINDS.values() if kind.workload}))
"""The lists of workloads."""

Look = Mapping[str, Any]
"""``at`` (epoch seconds), ``kind`` (the run), ``readings`` (by key), ``seen`` (what was warned of); ``until`` has a run
that breaks things on purpose."""


def reading_key(metric: str, subject: str = "") -> str:
    """What a reading is kept under: ``consumer-lag``, ``volume-usage/kafka``."""
    return f"{metric}/{subject}" if subject else metric


def looks(snapshot: Snapshot, since: float = 0.0) -> list[Look]:
    """The earlier looks at the same pipeline from ``since`` on (epoch seconds), the oldest first.

    Raises:
        NoData: nobody looked into the history.
    """
    found: list[Look] = snapshot.data(SOURCE)
    return [look for look in found if since <= look["at"] < snapshot.taken_at and "until" not in look]


def breaks(snapshot: Snapshot) -> list[tuple[float, float]]:
    """When runs that break things on purpose began and ended (epoch seconds).

    Raises:
        NoData: nobody looked into the history.
    """
    return [(line["at"], line["until"]) for line in snapshot.data(SOURCE) if "until" in line]


def filled_in(snapshot: Snapshot, points: Sequence[Sequence[float]], key: str) -> list[Sequence[float]]:
    """The points, and before them what earlier runs of the week read of the same."""
    begin = points[0][0] if points else snapshot.taken_at
    earlier = looks(snapshot, snapshot.taken_at - WEEK)
    read = [[look["at"], look["readings"][key]] for look in earlier if key in look["readings"]]
    return [*(point for point in read if point[0] < begin), *points]


def require_covered(snapshot: Snapshot, times: Sequence[float]) -> None:
    """``require_known_since`` the first of the times at which it is known, and no long gap between them.

    Args:
        times: epoch seconds, in order.

    Raises:
        NoData: less is known.
    """
    require_known_since(snapshot, times[0], next_step=DAILY)
    wanted = min(WEEK, lives_for(snapshot))
    gap = max(after - before for before, after in pairwise([*times, snapshot.taken_at]))
    if gap > max(KNOWN_FOR, LONGEST_GAP * wanted):
        raise NoData(
            f"there is a gap of {duration(gap)} in the {duration(wanted)} that this review looks back", next_step=DAILY
        )


def require_known_since(snapshot: Snapshot, since: float, look_back: float = WEEK, next_step: str = "") -> None:
    """What is said of a week rests on a week, or on the whole life of a pipeline that is younger.

    Args:
        since: epoch seconds.
        look_back: seconds that the review looks back.
        next_step: what would let more be known.

    Raises:
        NoData: less is known.
    """
    known, wanted = max(snapshot.taken_at - since, 0.0), min(look_back, lives_for(snapshot))
    if known < KNOWN_FOR:
        raise NoData(f"{known / 3600:.1f} h are known; a review takes {KNOWN_FOR / 3600:g}")
    if known < COVERED * wanted:
        raise NoData(
            f"{duration(known)} of history are known of the {duration(wanted)} that this review looks back",
            next_step=next_step,
        )


def lives_for(snapshot: Snapshot) -> float:
    """Seconds since the oldest workload was made; a pipeline without any has always lived."""
    ages = [age(item, snapshot.taken_at) for source in _WORKLOADS for item in snapshot.data(source)]
    return max(ages, default=float("inf"))


def installation(snapshot: Snapshot) -> Installation:
    """Whose past may be held against the snapshot; an unknown namespace is as old as the oldest workload."""
    document = snapshot.data_or(INSTALLATION, None)
    here = Installation(snapshot.context, snapshot.namespace)
    known = Installation.from_document(document) if document else here
    if known.uid:
        return known
    made = [created_at(item) for source in _WORKLOADS for item in snapshot.data_or(source, ())]
    return replace(here, since=min(made, default=here.since))
