"""What a validation leaves behind for programs: its verdict, those before it, and how noisy the machine was."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from pipeline_services.model.atomic import write_json
from pipeline_services.model.json_lines import tables_in, write_tables
from pipeline_services.release.decision import percent
from pipeline_services.release.verdict import Conclusion

VERDICT: Final = "release.json"
HISTORY: Final = "release/history/verdicts.jsonl"
KEPT: Final = 200


def write(reports: Path, conclusion: Conclusion) -> Path:
    """Put the verdict in place and add it to the history; returns the verdict's file."""
    file = write_json(reports / VERDICT, conclusion.document())
    write_tables(reports / HISTORY, [*history(reports), _remembered(conclusion)][-KEPT:])
    return file


def history(reports: Path) -> list[dict[str, Any]]:
    """The verdicts so far, oldest first; a line that cannot be read is none."""
    return tables_in(reports / HISTORY)


def as_text(entries: list[dict[str, Any]]) -> str:
    """The history for people, newest first."""
    rows = [
        f"{one.get('started')} {one.get('verdict')!s:<16} {one.get('candidate')}: {one.get('reason')}"
        for one in reversed(entries)
    ]
    return "\n".join(rows) or "no verdict before this one"


def _remembered(conclusion: Conclusion) -> dict[str, Any]:
    """One line: the verdict, its first reason, and the interval's width of the baseline against itself, in per cent."""
    document = conclusion.document()
    widths = {
        one.metric.id: round(percent(one.interval.width), 2)
        for one in conclusion.evidence.control
        if one.interval is not None and one.interval.width < 10
    }
    return {
        **{key: document[key] for key in ("started", "verdict", "candidate", "baseline", "stages")},
        "reason": conclusion.reasons[0],
        "noise_percent": widths,
    }
