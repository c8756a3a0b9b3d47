"""Has a pipeline that was just started, or mended, run long enough to be judged? Windows fill after a minute or two."""

from __future__ import annotations

from typing import Final

from pipeline_services.checklist.checks import cases
from pipeline_services.checklist.run import run_checks
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.say import Say
from pipeline_services.model.settings import Target
from pipeline_services.model.waiting import WaitExpired, wait_until
from pipeline_services.snapshot.live import LivePipeline
from pipeline_services.snapshot.snapshot import Snapshot

SETTLES_WITHIN: Final = 240.0
"""Seconds: the longest window, two minutes of rates, and a slow machine's start."""


def unsettled(snapshot: Snapshot) -> list[str]:
    """What has no good figure yet, a line each; empty once every check that takes time is green."""
    waited_for = [case for case in cases(snapshot.pipeline, run="daily") if case.check.settles]
    return [result.why for result in run_checks(snapshot, waited_for).values()]


def settle(target: Target, progress: Say, since: str = "the pipeline runs") -> None:
    """Wait until the pipeline has settled, or has had the time to; what has not by then is for the checks to judge.

    Args:
        progress: takes a line whenever there is less left to wait for.
        since: what has just been done, in words.
    """
    left: list[int] = []

    def settled() -> bool:
        problems = unsettled(pipeline.snapshot())
        if problems and (not left or len(problems) < left[-1]):
            left.append(len(problems))
            progress(f"{since}; figures still to come: {len(problems)} (at most {SETTLES_WITHIN:.0f} s)")
        return not problems

    with LivePipeline(target) as pipeline:
        try:
            wait_until(settled, within=SETTLES_WITHIN, what="figures", every=2.0, retry_on=(PipelineError,))
        except WaitExpired as expired:
            progress(f"not settled, to be judged as it is: {expired.message}")
