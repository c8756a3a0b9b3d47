"""The suite's own cluster before it is judged: it is there, and nothing that the suite broke itself is still broken."""

from __future__ import annotations

from typing import Final

from pipeline_services.faults.journal import own_journal
from pipeline_services.model.failures import CommandFailed
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.say import Say
from pipeline_services.model.settings import resolve_target
from pipeline_services.model.text import one_line

_TAIL: Final = 200
"""Characters of what a program said at its end."""


def make_ready(on_purpose: str | None, say: Say, pipeline: Pipeline) -> None:
    """Undo what runs that are gone left behind and what has expired, and bring the cluster up where there is none.

    Args:
        on_purpose: the run whose faults are judged on purpose.
        pipeline: what is judged, and so has to settle after an undo.

    Raises:
        PreconditionNotMet: a run that lives keeps something broken. Nothing was touched.
        PipelineError: an undo was refused, or the cluster cannot be brought up.
    """
    from pipeline_services.platform import ensure_cluster  # noqa: PLC0415 - only the suite's own cluster needs it

    left = something_to_undo(on_purpose)
    try:
        ensure_cluster(progress=say, settle=lambda access, say: _settle(access.pipeline, say, "the pipeline runs"))
    except CommandFailed as error:
        error.message += f": {one_line(error.tail)[-_TAIL:]}" if error.tail else ""
        raise
    if left:
        from pipeline_services.faults.aftermath import undo_left_behind  # noqa: PLC0415 - rare, and loads all the clients

        undo_left_behind(own_journal(), say)
        _settle(pipeline, say, "undone")


def _settle(pipeline: Pipeline, say: Say, since: str) -> None:
    from pipeline_services.checklist.settling import settle  # noqa: PLC0415 - loads all clients; seldom needed

    settle(resolve_target(pipeline=pipeline), say, since=since)


def something_to_undo(on_purpose: str | None) -> bool:
    """Whether runs that are gone left anything behind, or something has expired.

    The journal is on disk, so that an empty one costs nothing.

    Raises:
        PreconditionNotMet: a run that lives keeps something broken.
        UnexpectedAnswer: the journal cannot be read.
    """
    entries = own_journal().entries()
    if not entries:
        return False
    from pipeline_services.faults.safety import to_undo  # noqa: PLC0415 - with an empty journal nothing is loaded

    return bool(to_undo(entries, on_purpose))
