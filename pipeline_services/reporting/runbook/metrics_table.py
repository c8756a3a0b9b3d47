"""The key-metrics table of RUNBOOK.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from pipeline_services.model.commands import fill
from pipeline_services.model.metrics.metric import KeyMetric
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.reporting.runbook import markdown

_HEAD: Final = ("Metric", "Row of section 8", "Look it up", "Holds while", "Otherwise", "Section", "Escalate")


def table(metrics: Iterable[KeyMetric], pipeline: Pipeline) -> str:
    """The rows as Markdown, with the pipeline's names in the commands."""
    return markdown.table(_HEAD, _rows(metrics, pipeline))


def _rows(metrics: Iterable[KeyMetric], pipeline: Pipeline) -> Iterator[tuple[str, ...]]:
    for metric in metrics:
        advice = metric.advice.resolved(pipeline)
        yield (
            f"`{metric.id}`",
            "added" if metric.row == "suite" else metric.row,
            fill(metric.shown_by, pipeline),
            metric.threshold(),
            advice.impact,
            f"[{advice.runbook}](#{advice.runbook})",
            advice.escalation.name,
        )
