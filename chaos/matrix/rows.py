"""What one row of the matrix is: a fault, the checks that have to see it, and what triage has to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chaos.faults.common import FaultBuilder
from pipeline_services.checklist.model import CaseId, Check
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.triage.causes import CAUSES

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

Meanwhile = Callable[["SteadyPipeline"], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Expected:
    """One finding: whose fault it is, the causes that are right names for it, and the level they share."""

    component: str
    causes: frozenset[str]
    level: str

    def __str__(self) -> str:
        return f"{self.component}: {' or '.join(sorted(self.causes))} ({self.level})"


def finding(component: str, *causes: str) -> Expected:
    """An expected finding; its level is the one that causes.py gives to its causes.

    Raises:
        ValueError: no such component or cause, or causes of several levels.
    """
    if component not in Pipeline.load().reported:
        raise ValueError(f"there is no component {component}")
    unknown = [cause for cause in causes if cause not in CAUSES]
    if unknown or not causes:
        raise ValueError(f"{component}: no such causes: {', '.join(unknown) or 'none is named'}")
    levels = {CAUSES[cause].escalation.name for cause in causes}
    if len(levels) > 1:
        raise ValueError(f"{component}: {', '.join(causes)} have the levels {', '.join(sorted(levels))}")
    return Expected(component, frozenset(causes), levels.pop())


@dataclass(frozen=True, slots=True)
class Row:
    """One fault, or several at once.

    Attributes:
        id: short and stable; reports, history and recordings know the row by it.
        build: makes the fault for the pipeline as it is.
        expected: the findings that have to be there; for faults at once one for each.
        red: the daily checks that have to fail; the telling ones only.
        affected: components that suffer so directly that naming them too is no false alarm.
        also: further causes that may be given to the expected components.
        settles: seconds within which all of this has to be so.
        ripens: seconds after which it has to be so still, when what suffers has begun to complain.
        at_once: it is looked at before it has landed, since it heals within seconds.
        before: arranged before the fault and taken back after it; is no fault in itself.
        meanwhile: goes on while the fault is in force and ends with this process.
        sample: it is one of the few that every change is tried on.
    """

    id: str
    build: FaultBuilder
    expected: tuple[Expected, ...]
    red: tuple[Check | CaseId, ...] = ()
    affected: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()
    settles: float = 60.0
    ripens: float = 0.0
    at_once: bool = False
    before: FaultBuilder | None = None
    meanwhile: Meanwhile | None = None
    sample: bool = False

    @property
    def components(self) -> frozenset[str]:
        """Those that have to be named."""
        return frozenset(expected.component for expected in self.expected)

    @property
    def innocent(self) -> frozenset[str]:
        """Those that must not be blamed."""
        return frozenset(Pipeline.load().reported) - self.components - self.affected


def by_id(*rows: Row) -> Mapping[str, Row]:
    """The rows by their ids, in their order.

    Raises:
        ValueError: two have the same.
    """
    found = {row.id: row for row in rows}
    if len(found) != len(rows):
        raise ValueError("two rows have the same id")
    return found
