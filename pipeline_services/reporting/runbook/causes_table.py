"""The table of RUNBOOK.md with the causes that triage can name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from pipeline_services.reporting.runbook import markdown
from pipeline_services.triage.model import Cause

_HEAD: Final = ("Cause", "Means", "Level", "Heals by itself", "Section")


def table(causes: Iterable[Cause]) -> str:
    """The rows as Markdown."""
    return markdown.table(_HEAD, _rows(causes))


def _rows(causes: Iterable[Cause]) -> Iterator[tuple[str, ...]]:
    for cause in causes:
        heals = "no" if cause.heals_within is None else f"within {cause.heals_within:g} s"
        section = f"[{cause.runbook}](#{cause.runbook})"
        yield f"`{cause.id}`", cause.title, cause.escalation.name, heals, section
