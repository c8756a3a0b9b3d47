"""The report of a night: a page for people, a file for programs, a line for the history; all written whole."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pipeline_services.cli.nightly import history
from pipeline_services.cli.nightly.night import Night
from pipeline_services.model.atomic import write_json, write_whole
from pipeline_services.model.text import file_time, utc

SUMMARY: Final = "summary.txt"
VERDICT: Final = "nightly.json"
PAGE: Final = "index.html"
_STYLE: Final = (
    "body { font: 16px/1.5 sans-serif; max-width: 75rem; margin: 1.5rem auto; padding: 0 1rem } "
    "h1 { font-size: 1.3rem } h2 { font-size: 1.1rem } "
    "pre { white-space: pre-wrap; font: 14px/1.5 monospace; background: #f1f4f7; padding: 1rem }"
)


def write(reports: Path, folder: Path, past: history.Past, night: Night, lines: Sequence[str]) -> None:
    """Put everything in place.

    Args:
        reports: the folder of all nights.
        folder: that of this one.
        lines: the summary, its last line the verdict.
    """
    history.add(reports, past, night.kept())
    checks = {name: {"outcome": one.outcome, "seconds": one.seconds} for name, one in night.checks.items()}
    about = {"exit_code": night.code, "ended": round(night.ended, 1), "folder": str(folder)}
    document = {**about, **night.kept(), "checks": checks, "summary": lines}
    write_json(reports / VERDICT, document)
    for place in (folder, reports):
        write_whole(place / SUMMARY, ("\n".join(lines) + "\n").encode())
    write_whole(reports / PAGE, _page(lines, [*past, night.kept()], night, reports).encode())


def _page(lines: Sequence[str], nights: history.Past, night: Night, reports: Path) -> str:
    """The summary, with links to the page of each step's last run, and the nights so far, newest first."""
    kinds = [step.name for step in night.steps if (reports / step.name / PAGE).is_file()]
    links = " ".join(f'<a href="{kind}/{PAGE}">{kind}</a>' for kind in kinds)
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    style = f"<style>{_STYLE}</style>"
    earlier = "\n".join(_row(one, reports) for one in reversed(nights))
    verdict, told = html.escape(lines[-1]), html.escape("\n".join(lines[:-1]).strip())
    body = f"<h1>{verdict}</h1><p>{links}</p><pre>{told}</pre><h2>Nights</h2><pre>{earlier}</pre>"
    return (
        f'<!DOCTYPE html><html lang="en"><head>{head}<title>Nightly</title>{style}</head><body>{body}</body></html>\n'
    )


def _row(night: Mapping[str, Any], reports: Path) -> str:
    """A night in one line, with a link to its summary as long as that is kept."""
    place, when = f"{history.NIGHTS}/{file_time(night['started'])}/{SUMMARY}", utc(night["started"])
    linked = f'<a href="{place}">{when}</a>' if (reports / place).is_file() else when
    steps = night["steps"].items()
    red = [f"{name}: {_ended(step)}" for name, step in steps if step["code"] != 0]
    return f"{night['verdict']:<13} {linked}  {html.escape('; '.join(red))}".rstrip()


def _ended(step: Mapping[str, Any]) -> str:
    """A step that was not run has no exit code."""
    return str(step["state"]) if step["code"] is None else f"{step['state']}, exit code {step['code']}"
