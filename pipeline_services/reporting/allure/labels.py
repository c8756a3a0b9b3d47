"""How the report's page names, groups and links a case."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from pipeline_services.model import roles
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.text import first_line, one_line
from pipeline_services.reporting.allure.page import CATEGORY_LABEL, LINK_PREFIX
from pipeline_services.reporting.run.outcome import CaseResult, Category, Outcome
from pipeline_services.reporting.run.shown import Place
from pipeline_services.reporting.runbook.runbook import PAGE, Section

if TYPE_CHECKING:
    from pipeline_services.triage.model import Finding as Cause

_WATCHERS: Final = (roles.GRAFANA, roles.LOKI)
_TITLE: Final = 160
_CASE: Final = re.compile(r"^(?:.*::)?test_(?P<words>\w+?)(?:\[(?P<subject>.*)\])?$")


def labels(
    result: CaseResult,
    sections: Mapping[str, Section],
    run_markers: tuple[str, ...],
    pipeline: Pipeline,
    causes: Sequence[Cause] = (),
    *,
    place: Place | None = None,
) -> list[dict[str, str]]:
    """Where the case stands in the tree, as epic, feature and story; severity, category and tags."""
    section = sections.get(result.runbook)
    pairs = [
        *([("epic", place.group)] if place else _groups(result, section, causes)),
        ("severity", severity(result.component, pipeline)),
        *(("tag", marker) for marker in run_markers),
    ]
    category = Category.KNOWN_ISSUE if result.known_issues and not result.finding.category else result.finding.category
    if category:
        pairs.append((CATEGORY_LABEL, category.value))
    return [{"name": name, "value": value} for name, value in pairs]


def _groups(result: CaseResult, section: Section | None, causes: Sequence[Cause]) -> list[tuple[str, str]]:
    """By runbook chapter, section and component; what is not green by its cause first, where any is known."""
    title = section.title if section else result.runbook or "none"
    if result.outcome is Outcome.PASSED or not causes:
        chapter = section.chapter if section else "Without a runbook section"
        return [("epic", chapter), ("feature", title), ("story", result.component)]
    place = next((number for number, cause in enumerate(causes, 1) if cause is result.cause), 0)
    if not place:
        return [("epic", "0.9 Not explained by any cause"), ("feature", result.component), ("story", title)]
    cause = causes[place - 1]
    whose = "itself" if cause.component == result.component else "affected"
    epic = f"0.{place} Cause: {_titled(cause)}"  # before the chapters, which begin with 1.
    return [("epic", epic), ("feature", f"{whose}: {result.component}"), ("story", title)]


def _titled(cause: Cause) -> str:
    from pipeline_services.reporting.run.causes import title  # noqa: PLC0415  a green run need not load triage

    return title(cause)


def severity(component: str, pipeline: Pipeline) -> str:
    """The data path is critical, what only shows it is minor, all between is normal."""
    if component in pipeline.data_path:
        return "critical"
    return "minor" if component in _WATCHERS else "normal"


def links(result: CaseResult, sections: Mapping[str, Section]) -> list[dict[str, str]]:
    """The runbook, which lies beside the report: where the finding sends the operator, then the case's own section."""
    anchors = dict.fromkeys(anchor for anchor in (result.finding.runbook, result.runbook) if anchor in sections)
    named = ((sections[anchor].title, f"{PAGE}#{anchor}") for anchor in anchors)
    return [{"name": f"{LINK_PREFIX}{title}", "url": url, "type": "link"} for title, url in named]


def title(result: CaseResult) -> str:
    """What was observed; of a green case what it asks: ``test_pod_is_ready[kafka-0]`` is "kafka-0: pod is ready"."""
    seen = one_line(first_line(result.finding.message).partition("; expected ")[0], _TITLE)
    if result.outcome is Outcome.FAILED and seen:
        return seen if result.component in seen else f"{result.component}: {seen}"
    asked = _asked(result.id)
    return f"{asked}: inconclusive: {seen}" if result.outcome is Outcome.INCONCLUSIVE and seen else asked


def _asked(case_id: str) -> str:
    match = _CASE.match(case_id)
    if match is None:
        return case_id
    words = match["words"].replace("_", " ")
    return f"{match['subject']}: {words}" if match["subject"] else words[:1].upper() + words[1:]


def details(result: CaseResult) -> dict[str, Any]:
    """The message as the page shows it: what was found, without the name of an exception before it."""
    finding = result.finding
    lines = [finding.message, f"next: {finding.next_step}" if finding.next_step else ""]
    message = "\n".join(line for line in lines if line)
    return {"message": message} if message else {}


def description(documented: str, result: CaseResult) -> str:
    """The case's docstring, then what is worth knowing of a green case too. Markdown."""
    notes = [_explained(result), result.reading, f"**Warning:** {result.warning}" if result.warning else ""]
    notes += [f"**Exempted** {result.exempted}"] if result.exempted else []
    for issue, count in result.known_issues.items():
        notes.append(f"**Known issue** {issue.id} (seen: {count}): {issue.reason}. Impact: {issue.impact}")
    return "\n\n".join(part for part in (documented.strip(), *notes, f"`{result.id}`") if part)


def _explained(result: CaseResult) -> str:
    if result.cause is None:
        return ""
    return f"**Cause:** {_titled(result.cause)}. Call: {result.cause.cause.escalation.value}."
