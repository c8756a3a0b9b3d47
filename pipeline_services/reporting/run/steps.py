"""A cause's commands as they are shown: which of them, and what each is for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline_services.model.commands import changes, keeps
from pipeline_services.triage.incident.messages import commands
from pipeline_services.triage.incident.terminal import steps_label
from pipeline_services.triage.walk.workflow import Course


def labelled(course: Course, steps: Sequence[str], context: str) -> Iterator[tuple[str, list[str]]]:
    """The commands with what they are for: first those that only show something, where others mend it."""
    label, mends = steps_label(course), next((place for place, step in enumerate(steps) if _acts(step)), 0)
    for word, part in (("look", steps[:mends]), (label, steps[mends:])):
        if part:
            yield word, commands(part, context, course.finding.cause.restored)


def needed(steps: Sequence[str]) -> Sequence[str]:
    """The commands without those that only show something. What mends it, and what that needs, is never left out, and
    nothing is where nothing mends it."""
    return list(filter(_acts, steps)) if any(map(changes, steps)) else steps


def _acts(step: str) -> bool:
    """Whether a command changes something, or saves what one that follows it changes."""
    return changes(step) or keeps(step)
