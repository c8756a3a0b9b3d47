"""What a judgement raises when the pipeline is not as it should be."""

from __future__ import annotations

from pipeline_services.model.commands import fill, in_context
from pipeline_services.model.metrics.advice import Advice, five_lines
from pipeline_services.snapshot.snapshot import Snapshot


class Deviation(AssertionError):
    """The system is wrong. ``str()`` gives the five lines.

    Attributes:
        observed: what was seen, with whose and which unit.
        threshold: what should have been seen, with the window.
        advice: what it means, what to type next, where to read on, who to call.
    """

    def __init__(self, snapshot: Snapshot, observed: str, threshold: str, advice: Advice) -> None:
        resolved = advice.resolved(snapshot.pipeline)
        command = fill(resolved.next_command, snapshot.pipeline, snapshot.namespace)
        super().__init__(five_lines(observed, threshold, resolved, in_context(command, snapshot.context)))
        self.observed = observed
        self.threshold = threshold
        self.advice = resolved
