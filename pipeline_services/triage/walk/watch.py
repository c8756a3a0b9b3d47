"""Follows open findings: looks until they are gone or overdue, and reports their state."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from pipeline_services.model.errors import PipelineError
from pipeline_services.model.text import duration
from pipeline_services.model.waiting import WaitExpired, wait_until
from pipeline_services.triage.model import Diagnosis
from pipeline_services.triage.walk import workflow
from pipeline_services.triage.walk.workflow import Course, Stage

LOOK_EVERY_S: Final = 3.0
WATCH_TIMEOUT_S: Final = 900.0
"""Seconds for the whole watch: one fault may lead to another that heals, but not for ever."""
STATUS_EVERY_S: Final = 10.0
"""Seconds between two lines that say that nothing has changed."""
Look = Callable[[], Diagnosis]


class Watch:
    """The watch over the findings of one diagnosis.

    Args:
        by_hand: also wait for what is resolved by hand, and escalate it when the watch ends first.

    Attributes:
        diagnosis: what the last look that succeeded came to.
        courses: every finding that there was, with its way through the flowchart.
    """

    def __init__(
        self,
        diagnosis: Diagnosis,
        courses: Sequence[Course],
        look: Look,
        say: Callable[[str], None],
        *,
        by_hand: bool = False,
    ) -> None:
        self.diagnosis = diagnosis
        self.courses = tuple(courses)
        self._look = look
        self._say = say
        self._awaited = frozenset({Stage.WATCHING, *([Stage.ACTING] if by_hand else [])})
        self._started = self._reported_at = diagnosis.taken_at

    def run(
        self, every: float = LOOK_EVERY_S, at_most: float = WATCH_TIMEOUT_S, clock: Callable[[], float] = time.time
    ) -> Diagnosis:
        """Look until nothing is waited for any more; returns the last diagnosis, with what did not heal handed on."""
        try:
            wait_until(lambda: self._round(clock), within=at_most, what="the pipeline to heal", every=every)
        except WaitExpired:
            self._give_up(clock())
        self.courses = tuple(
            replace(course, finding=workflow.after_watch(course)) if course.open else course for course in self.courses
        )
        overdue = {course.key: course.finding for course in self.courses if course.open and course.overdue}
        findings = tuple(overdue.get((one.component, one.cause.id), one) for one in self.diagnosis.findings)
        return replace(self.diagnosis, findings=findings)

    def _round(self, clock: Callable[[], float]) -> bool:
        before = self.courses
        try:
            self.diagnosis = self._look()
        except PipelineError as error:
            self._report(clock(), f"could not look: {error.message}")
            self.courses = tuple(workflow.late(course, clock()) for course in self.courses)
        else:
            self.courses = workflow.follow(self.courses, self.diagnosis, clock())
        self._report_changes(before, clock())
        return not any(course.missing for course in self.courses if course.open) and not self._waits()

    def _waits(self) -> bool:
        return any(course.stage in self._awaited for course in self.courses)

    def _report_changes(self, before: Sequence[Course], now: float) -> None:
        silent = now - self._reported_at < STATUS_EVERY_S
        for place, course in enumerate(self.courses):
            was = before[place] if place < len(before) else None
            title = f"{course.finding.component}: {course.finding.cause.title}"
            if was is None:
                self._report(now, f"new: {title}: {course.steps[-1].note}")
            elif course.stage is not was.stage:
                self._report(now, f"{title}: {course.steps[-1].note}")
            elif course.stage in self._awaited and (course.missing or not silent):
                self._report(now, f"{title}: {_state(course, now)}")
                self._reported_at = now

    def _give_up(self, now: float) -> None:
        """What keeps coming anew has not healed, whatever the limit of each."""
        ended = [replace(course, deadline=min(course.deadline or now, now - 1.0)) for course in self.courses]
        self.courses = tuple(workflow.late(course, now) for course in ended)
        if Stage.ACTING in self._awaited:
            self.courses = tuple(workflow.escalated(course, now) for course in self.courses)

    def _report(self, now: float, text: str) -> None:
        self._say(f"  +{f'{now - self._started:.0f} s':<8} {text}")


def _state(course: Course, now: float) -> str:
    if course.missing:
        return "gone; looking once more to be sure"
    if course.stage is Stage.ACTING:
        return "still there; run the commands above"
    left = (course.deadline or now) - now
    return f"still there, {duration(left)} left" if left > 0 else "still there"
