"""The tables of RUNBOOK.md that are written from code: key metrics, causes, and the index of checks."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from pipeline_services.checklist.checks import CHECKS
from pipeline_services.model.commands import fill
from pipeline_services.model.metrics.metric import KeyMetric
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.reporting.runbook import markdown
from pipeline_services.reporting.runbook.runbook import Section
from pipeline_services.triage.model import Cause

FOLDER: Final = REPOSITORY / "checks"
_CHECKS: Final = ("Check", "Section")
_METRICS: Final = ("Metric", "Row of section 8", "Look it up", "Holds while", "Otherwise", "Section", "Escalate")
_CAUSES: Final = ("Cause", "Means", "Level", "Heals by itself", "Section")
_MARKER: Final = "pytest.mark.runbook"


def metrics(of: Iterable[KeyMetric], pipeline: Pipeline) -> str:
    """The key metrics, with the pipeline's names in the commands."""
    return markdown.table(_METRICS, (_metric(one, pipeline) for one in of))


def _metric(metric: KeyMetric, pipeline: Pipeline) -> tuple[str, ...]:
    advice = metric.advice.resolved(pipeline)
    return (
        f"`{metric.id}`",
        "added" if metric.row == "suite" else metric.row,
        fill(metric.shown_by, pipeline),
        metric.threshold(),
        advice.impact,
        f"[{advice.runbook}](#{advice.runbook})",
        advice.escalation.name,
    )


def causes(of: Iterable[Cause]) -> str:
    """The causes that triage can name."""
    return markdown.table(_CAUSES, map(_cause, of))


def _cause(cause: Cause) -> tuple[str, ...]:
    heals = "no" if cause.heals_within is None else f"within {cause.heals_within:g} s"
    return f"`{cause.id}`", cause.title, cause.escalation.name, heals, f"[{cause.runbook}](#{cause.runbook})"


def checks(sections: Mapping[str, Section], folder: Path = FOLDER) -> str:
    """The index of checks: which section is about which, as the marker ``runbook`` of its test says.

    Sections stand in their order, the checks of each in the order of their table.
    """
    return markdown.table(_CHECKS, _sections(sections, anchors(folder)))


def anchors(folder: Path) -> Mapping[str, str]:
    """The anchor of each test in a folder, by its name. The files are read, not loaded."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("test_*.py"))]
    return {name: anchor for tree in trees for name, anchor in _anchors(tree)}


def _anchors(tree: ast.Module) -> Iterator[tuple[str, str]]:
    shared = "".join(_named([one.value for one in tree.body if isinstance(one, ast.Assign)]))
    for test in tree.body:
        if isinstance(test, ast.FunctionDef):
            yield test.name, "".join(_named(test.decorator_list)) or shared


def _named(expressions: Collection[ast.expr]) -> Iterator[str]:
    """The anchors that the markers among these name."""
    for one in expressions:
        if isinstance(one, ast.Call) and ast.unparse(one.func) == _MARKER:
            yield ast.literal_eval(one.args[0])


def _sections(sections: Mapping[str, Section], known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for anchor, section in sections.items():
        runs: dict[str, list[str]] = {}
        for check in CHECKS.values():
            if known.get(check.id) == anchor:
                runs.setdefault(check.run, []).append(f"`{check.id}`")
        for run, ids in runs.items():
            which = "" if run == "daily" else f" ({run})"
            yield f"{', '.join(ids)}{which}", f"[{section.title}](#{anchor})"
