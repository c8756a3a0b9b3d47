"""Which known issues (section 9) a green case has let pass, so that the report can show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pipeline_services.judgements.events import WINDOW, component_of
from pipeline_services.judgements.known_issues import KnownIssue, known_issue
from pipeline_services.judgements.logs import errors
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.k8s import last_seen
from pipeline_services.reporting.run.outcome import CaseResult, Outcome
from pipeline_services.snapshot.snapshot import Snapshot


def known_issues_seen(snapshot: Snapshot, result: CaseResult) -> Counter[KnownIssue]:
    """How often each known issue is in what the case read; nothing for a case that is not green."""
    if result.outcome is not Outcome.PASSED:
        return Counter()
    try:
        return Counter(_seen(snapshot, result))
    except PipelineError:
        return Counter()  # the case has judged without it


def _seen(snapshot: Snapshot, result: CaseResult) -> Iterator[KnownIssue]:
    if f"logs/{result.component}" in result.sources:
        yield from (issue for _, issue in errors(snapshot, result.component) if issue)
    if "events" in result.sources:
        for event in snapshot.data("events"):
            recent = snapshot.taken_at - last_seen(event) <= WINDOW
            text = f"{event.get('reason')}: {event.get('message', '')}"
            if event.get("type") == "Warning" and recent and component_of(snapshot.pipeline, event) == result.component:
                issue = known_issue("events", result.component, text, snapshot.taken_at)
                if issue:
                    yield issue
