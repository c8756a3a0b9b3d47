"""What looks like a fault in the logs and events and is none (section 9), so that no reader need wonder. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline_services.judgements.events import component_of
from pipeline_services.judgements.known_issues import KnownIssue, known_issue
from pipeline_services.snapshot.snapshot import Snapshot

_LOGS = "logs/"


def known_issues(snapshot: Snapshot) -> list[KnownIssue]:
    """The known issues that a reader of this snapshot will come upon."""
    now = snapshot.taken_at
    found = {known_issue("logs", component, line, now) for component, line in _lines(snapshot)}
    found |= {known_issue("events", component, text, now) for component, text in _warnings(snapshot)}
    return sorted((issue for issue in found if issue), key=lambda issue: issue.id)


def _lines(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    for source in snapshot.answers:
        if source.startswith(_LOGS):
            component = source.removeprefix(_LOGS)
            yield from ((component, line) for tail in snapshot.answers[source] for line in tail.get("lines", ()))


def _warnings(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    for event in snapshot.data_or("events", ()):
        if event.get("type") == "Warning":
            yield component_of(snapshot.pipeline, event), f"{event.get('reason')}: {event.get('message', '')}"
