"""The scenarios that a run has played: as a table, for programs, and held against those of earlier runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

from pipeline_services.model.installation import Installation
from pipeline_services.model.json_lines import tables_in, write_tables
from pipeline_services.model.pipeline import Pipeline

HISTORY: Final = "history/scenarios.jsonl"
RUNS_KEPT: Final = 30
RUNS_NEEDED: Final = 5
"""Earlier runs without which nothing is called slow."""
MUCH: Final = 2.0
"""So many times the usual time is slow ..."""
NOTEWORTHY: Final = 5.0
"""... if it is that many seconds more, too: samples, pods and rebalances have their own grain."""
CLOCKS: Final = ("seen after", "ready after", "flowing after", "recovered after", "drained after")
"""The figures, in seconds, that are held against those of earlier runs."""
FLOWING: Final = "flowing after"
_COLUMNS: Final = (
    *(("seen", "seen after"), ("ready", "ready after"), ("flowing", FLOWING), ("recovered", "recovered after")),
    *(("limit", ""), ("drained", "drained after"), ("lost", "lost"), ("duplicates", "duplicates")),
)
_COUNTS: Final = ("lost", "duplicates")

Past = Sequence[Mapping[str, Mapping[str, float]]]
"""Earlier runs, oldest first: scenario to its figures."""
_PLAYED: Final = "scenarios"
"""What a line of the history has them under. Those of older suites do not say where they were: nobody's past."""


@dataclass(frozen=True, slots=True)
class Row:
    """One played scenario. ``figures``: what was seen of it, by name; what was not is not there."""

    id: str
    component: str
    limit: float
    figures: Mapping[str, float]

    def cells(self) -> list[str]:
        """What stands in the table beside the name."""
        values = [self.limit if not key else self.figures.get(key) for _, key in _COLUMNS]
        forms = ["{:.0f}" if key in ("", *_COUNTS) else "{:.1f}" for _, key in _COLUMNS]
        return ["-" if value is None else form.format(value) for form, value in zip(forms, values, strict=True)]

    def document(self) -> dict[str, Any]:
        """For programs: times in seconds."""
        figures = {key.replace(" ", "_"): value for key, value in self.figures.items()}
        return {"id": self.id, "component": self.component, "limit": self.limit, **figures}


@dataclass(slots=True)
class Scenarios:
    """What this run has played so far, and what earlier ones took.

    Attributes:
        pipeline: has the aims of the medians.
        kept: the lines of earlier runs, oldest first, wherever they were.
        here: where this one plays, as soon as that is known.
    """

    pipeline: Pipeline
    kept: Sequence[Mapping[str, Any]] = ()
    rows: list[Row] = field(default_factory=list)
    here: Installation = field(default_factory=Installation)

    @property
    def past(self) -> Past:
        """The earlier runs of the same installation."""
        ours = (one for one in self.kept if isinstance(one.get(_PLAYED), dict) and self.here.has(one, one["at"]))
        return [one[_PLAYED] for one in ours]

    @classmethod
    def after(cls, folder: Path, pipeline: Pipeline) -> Scenarios:
        """A run whose report goes into ``folder``, where those of earlier ones lie."""
        return cls(pipeline, read(folder / HISTORY))

    def add(self, row: Row) -> str:
        """Note a scenario; returns a warning where it took much longer than usual, or nothing."""
        self.rows.append(row)
        found = slower(row, self.past)
        return f"slower than usual: {row.id}: {'; '.join(found)}" if found else ""

    def lines(self) -> list[str]:
        """The table, then the medians."""
        if not self.rows:
            return []
        width = max(len(row.id) for row in self.rows)
        head = " ".join([f"{'scenario (seconds)':<{width}}", *(f"{title:>10}" for title, _ in _COLUMNS)])
        body = [" ".join([f"{row.id:<{width}}", *(f"{cell:>10}" for cell in row.cells())]) for row in self.rows]
        return [head, *body, *map(_store_line, filter(_opened, self.rows)), *_median_lines(self.rows, self.pipeline)]

    def document(self) -> dict[str, Any]:
        """The same for programs; nothing where nothing was played."""
        if not self.rows:
            return {}
        return {"scenarios": [row.document() for row in self.rows], "median_flowing_after": medians(self.rows)}

    def remember(self, file: Path, at: float) -> None:
        """Write the earlier runs and this one, which began at that time (epoch seconds); the oldest go."""
        played = {row.id: dict(row.figures) for row in self.rows}
        line = {**self.here.document(), "at": at, _PLAYED: played}
        write_tables(file, [*self.kept, line][-RUNS_KEPT:])


def _opened(row: Row) -> float:
    """The shards that the store opened while it recovered; 0 where it was not the store."""
    return row.figures.get("shards", 0.0)


def _store_line(row: Row) -> str:
    """What a store's recovery depends on, beside it."""
    return f"{row.id}: the store recovered with {_opened(row):.0f} shards, each of which it opens before it answers"


def slower(row: Row, past: Past) -> list[str]:
    """Each of the row's times that is much longer than its median over the earlier runs, with both."""
    found = []
    for clock in CLOCKS:
        known = [run[row.id][clock] for run in past if clock in run.get(row.id, {})]
        now = row.figures.get(clock)
        if now is None or len(known) < RUNS_NEEDED:
            continue
        usual = median(known)
        if now > MUCH * usual and now - usual > NOTEWORTHY:
            found.append(f"{clock} {now:.1f} s, the median of {len(known)} earlier runs is {usual:.1f} s")
    return found


def medians(rows: Iterable[Row]) -> dict[str, float]:
    """By component: the median of the seconds until readings flow again."""
    by_component: dict[str, list[float]] = {}
    for row in rows:
        if FLOWING in row.figures:
            by_component.setdefault(row.component, []).append(row.figures[FLOWING])
    return {component: round(median(values), 2) for component, values in by_component.items()}


def read(file: Path) -> list[Mapping[str, Any]]:
    """The lines of a history file; one that a killed run cut off is none."""
    try:
        return list(tables_in(file))
    except OSError:  # it may not be read: nothing is known of earlier runs
        return []


def _median_lines(rows: Sequence[Row], pipeline: Pipeline) -> list[str]:
    lines = []
    for component, value in medians(rows).items():
        count = sum(row.component == component and FLOWING in row.figures for row in rows)
        aim = pipeline[component].recovery_aim_s
        beside = f"; the aim is {aim:g} s{' and is missed' if value > aim else ''}" if aim else ""
        lines.append(f"readings flow again, median of {count} with {component}: {value:.1f} s{beside}")
    return lines
