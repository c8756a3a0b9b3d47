"""What the operator reads at the end of a run: the causes first, where triage was asked. Pure."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_services.model.pipeline import Pipeline
from pipeline_services.reporting.run import summary
from pipeline_services.reporting.run.options import RunOptions
from pipeline_services.reporting.run.outcome import CaseResult
from pipeline_services.reporting.run.shown import Shown

if TYPE_CHECKING:
    from pipeline_services.reporting.run.triaged import Triaged


@dataclass(frozen=True, slots=True)
class View:
    """What is shown, and to whom: all cases of the run, the terminal's width, and whether -v asks for everything."""

    results: Sequence[CaseResult]
    pipeline: Pipeline
    width: int
    options: RunOptions
    absent: Collection[str] = ()
    verbose: bool = False
    shown: Shown | None = None


def lines(view: View, triage: Triaged | None) -> list[str]:
    """All that is said above the verdict."""
    if view.shown:
        return summary.paragraphs(view.shown.lines, view.width)
    told = summary.summary(view.results, view.pipeline, view.absent, view.width)
    if triage is None:
        return told
    if triage.diagnosis is None:
        return [*told, "", triage.trouble]
    from pipeline_services.reporting.run import causes  # noqa: PLC0415  a green run need not load triage
    from pipeline_services.reporting.run.explained import unexplained  # noqa: PLC0415

    options, live = view.options.given(), view.options.snapshot is None
    can_paste = "KUBECONFIG" in os.environ
    seen = causes.View(triage.diagnosis, view.results, view.width, time.time(), options, live, view.verbose, can_paste)
    if not tells_causes(triage):
        return [*causes.no_cause(seen), *told]
    head = causes.lines(seen)
    if view.verbose:
        return [*head, "", *told]
    left = summary.in_short(unexplained(view.results), view.width)
    return [*head, *summary.not_here(view.absent), *causes.not_explained(seen), *left]


def tells_causes(triage: Triaged | None) -> bool:
    """Whether there is a cause to be told, so that its consequences need not be told one by one."""
    return triage is not None and bool(triage.causes())
