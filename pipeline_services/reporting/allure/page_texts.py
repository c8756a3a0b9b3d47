"""What triage found, at the top of the page: there before the page's own program runs, and first on a phone. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Final

from pipeline_services.model.text import duration, one_line, plural
from pipeline_services.reporting.run import explained
from pipeline_services.reporting.run.causes import reasons, title
from pipeline_services.reporting.run.outcome import CaseResult
from pipeline_services.reporting.run.steps import labelled
from pipeline_services.reporting.runbook.runbook import PAGE, Section
from pipeline_services.triage.incident.messages import commands, since
from pipeline_services.triage.incident.terminal import asked, call
from pipeline_services.triage.model import Confidence, Diagnosis, Finding
from pipeline_services.triage.walk import workflow
from pipeline_services.triage.walk.workflow import Course

EVIDENCE: Final = 2
"""Lines of evidence; all of it is in the incident document."""
_SHORT: Final = 140
_READ_LATER: Final = math.inf
"""A page is read at any time after it was written: "4 min ago" would be wrong on it by tomorrow."""


def banner(diagnosis: Diagnosis, results: Sequence[CaseResult], sections: Mapping[str, Section]) -> str:
    """The causes as HTML; nothing where triage knows none."""
    found = explained.causes(diagnosis)
    if not found:
        return ""
    parts = [part for finding in found for part in _cause(diagnosis, finding, results, sections)]
    left = explained.unexplained(results)
    if left:
        parts.append(f"<p>Not explained: {plural(len(left), 'check')} ({_counted(left)})</p>")
    return f'<section id="diagnosis">{"".join(parts)}</section>'


def _cause(
    diagnosis: Diagnosis, finding: Finding, results: Sequence[CaseResult], sections: Mapping[str, Section]
) -> Iterator[str]:
    word = "Cause" if finding.confidence is Confidence.HIGH else "Likely cause"
    yield f"<h1>{word}: {escape(title(finding))}</h1><dl>"
    yield _row("since", [escape(since(finding.since, diagnosis.taken_at, _READ_LATER))])
    yield _row("why", [escape(one_line(line, _SHORT)) for line in reasons(finding)[:EVIDENCE]])
    if finding.self_healing:
        yield _row("heals", [f"by itself within {duration(workflow.limit(finding))}"])
    course = workflow.begin(finding, diagnosis.taken_at)
    yield _row("ask", [escape(whose)] if (whose := asked(course)) else [])
    for label, typed in labelled(course, finding.next, diagnosis.context):
        yield _row(label, _typed(typed))
    yield _row("undo", _typed(commands([finding.undo] if finding.undo else [], diagnosis.context)))
    yield _row("then", [escape(finding.afterwards)] if finding.afterwards else [])
    yield _row("call", [_whom(course, workflow.all_healed_within(diagnosis.findings), sections)])
    suffering = explained.explained_by(results, finding)
    if suffering:
        yield _row("explains", [f"{plural(len(suffering), 'check')} ({_counted(suffering)})"])
    yield "</dl>"


def _row(label: str, texts: Iterable[str]) -> str:
    """One row of the list; none where there is nothing to say. The texts are HTML."""
    shown = "".join(f"<dd>{text}</dd>" for text in texts)
    return f"<dt>{label}</dt>{shown}" if shown else ""


def _typed(typed: Iterable[str]) -> list[str]:
    return [f"<code>{escape(command)}</code>" for command in typed]


def _whom(course: Course, within: float, sections: Mapping[str, Section]) -> str:
    level = escape(call(course, within))
    section = sections.get(course.finding.cause.runbook)
    link = f'<a href="{PAGE}#{section.anchor}" target="_blank">{escape(section.title)}</a>' if section else ""
    return f"{level}; runbook: {link}" if link else level


def _counted(results: Iterable[CaseResult]) -> str:
    return ", ".join(f"{name} {count}" for name, count in explained.by_component(results).items())
