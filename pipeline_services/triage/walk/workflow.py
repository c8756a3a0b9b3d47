"""Section 4's flowchart as a state machine: where a finding stands, what may come next, and who is called. Pure.

detected -> component identified -> logs and events read -> does it heal itself?
    yes -> watched -> resolved -> documented; past its limit it needs a manual step
    no  -> a manual step -> resolved -> documented, or escalated
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.model.text import duration
from pipeline_services.triage.model import Diagnosis, Finding

LOOKS_TO_RESOLVE: Final = 2
"""A finding is gone once it is missing from so many looks in a row: between two crashes a loop looks healed."""
LOOK_AGAIN_S: Final = 180.0
"""Seconds after a step until what it mended is seen to be well: pods have started, and rates are of a minute since."""
DEFAULT_LIMIT_S: Final = 120.0
"""Seconds for what heals by itself where its cause names no limit."""
_LEVELS: Final = tuple(Escalation)


class Stage(StrEnum):
    """A box of the flowchart."""

    DETECTED = "detected"
    IDENTIFIED = "component identified"
    EXAMINED = "logs and events read"
    WATCHING = "watched while it heals"
    ACTING = "needs a manual step"
    RESOLVED = "resolved"
    DOCUMENTED = "documented"
    ESCALATED = "escalated"


ARROWS: Final[Mapping[Stage, frozenset[Stage]]] = MappingProxyType(
    {
        Stage.DETECTED: frozenset({Stage.IDENTIFIED}),
        Stage.IDENTIFIED: frozenset({Stage.EXAMINED}),
        Stage.EXAMINED: frozenset({Stage.WATCHING, Stage.ACTING}),
        Stage.WATCHING: frozenset({Stage.RESOLVED, Stage.ACTING}),
        Stage.ACTING: frozenset({Stage.RESOLVED, Stage.ESCALATED}),
        Stage.RESOLVED: frozenset({Stage.DOCUMENTED}),
        Stage.ESCALATED: frozenset({Stage.DOCUMENTED}),
        Stage.DOCUMENTED: frozenset(),
    }
)
"""Which box may follow which."""


@dataclass(frozen=True, slots=True)
class Step:
    """When a box was entered, and what was known then."""

    stage: Stage
    at: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """The way of one finding through the flowchart.

    Attributes:
        level: whom to call; one up where it should have healed and did not.
        deadline: until when it may heal by itself, epoch seconds; None where it does not.
        missing: how many looks in a row have not seen it.
        gone_at: the first of those.
        overdue: it should have healed by itself and did not.
    """

    finding: Finding
    steps: tuple[Step, ...]
    level: Escalation
    deadline: float | None = None
    missing: int = 0
    gone_at: float | None = None
    overdue: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same finding in the next look: a pod's name changes when the pod is replaced."""
        return self.finding.component, self.finding.cause.id

    @property
    def stage(self) -> Stage:
        """Where it stands."""
        return self.steps[-1].stage

    @property
    def detected_at(self) -> float:
        """When triage saw it first."""
        return self.steps[0].at

    def entered(self, stage: Stage) -> bool:
        """Whether it has been in that box."""
        return any(step.stage is stage for step in self.steps)

    @property
    def open(self) -> bool:
        """Whether the fault is still there, as far as is known."""
        return not self.entered(Stage.RESOLVED)

    @property
    def hands_over(self) -> bool:
        """Whether it goes to the next level unless the manual step helps."""
        return self.open and self.entered(Stage.ACTING) and self.level is not Escalation.L1


def begin(finding: Finding, at: float) -> Course:
    """A finding that has just been seen: its logs and events are read by then, and the question is whether it heals."""
    where = finding.subject or finding.component
    read = f"{len(finding.evidence)} for it" + (f", {len(finding.against)} against" if finding.against else "")
    course = Course(finding, (Step(Stage.DETECTED, at, finding.summary),), finding.cause.escalation)
    course = moved(course, Stage.IDENTIFIED, at, f"{finding.component} ({where}): {finding.cause.title}")
    course = moved(course, Stage.EXAMINED, at, f"{read}, confidence {finding.confidence.value}")
    if not finding.self_healing:
        return moved(course, Stage.ACTING, at, f"does not heal by itself; {course.level.value}")
    deadline = (at if finding.since is None else finding.since) + limit(finding)
    left = f"{duration(deadline - at)} left" if deadline > at else "which is over"
    note = f"heals by itself within {duration(limit(finding))}, {left}"
    return replace(moved(course, Stage.WATCHING, at, note), deadline=deadline)


def limit(finding: Finding) -> float:
    """Seconds within which a finding that heals by itself is gone."""
    return finding.limit or DEFAULT_LIMIT_S


def all_healed_within(findings: Iterable[Finding]) -> float:
    """Seconds until all of them that heal by themselves are gone; 0 where none does."""
    return max((limit(one) for one in findings if one.self_healing), default=0.0)


def moved(course: Course, stage: Stage, at: float, note: str = "") -> Course:
    """The course one box further. Raises ValueError where the flowchart has no such arrow."""
    if stage not in ARROWS[course.stage]:
        raise ValueError(f"no way leads from {course.stage.value!r} to {stage.value!r}")
    return replace(course, steps=(*course.steps, Step(stage, at, note)))


def follow(courses: Iterable[Course], diagnosis: Diagnosis, at: float) -> tuple[Course, ...]:
    """The courses after another look: those that are gone, those that are late, and those that are new."""
    found = {(finding.component, finding.cause.id): finding for finding in reversed(diagnosis.findings)}
    unknown = {one.component for one in diagnosis.unanswered}
    known = tuple(courses)
    open_keys = {course.key for course in known if course.open}
    followed = [_followed(course, found.get(course.key), unknown, at) for course in known]
    new = [begin(found[key], at) for key in reversed(found) if key not in open_keys]
    return (*followed, *new)


def _followed(course: Course, finding: Finding | None, unknown: set[str], at: float) -> Course:
    if not course.open:
        return course
    if finding is None and course.finding.component not in unknown:
        return _missed(course, at)
    now = finding or course.finding
    course = replace(course, finding=now, level=_level(course, now), missing=0, gone_at=None)
    if course.stage is Stage.WATCHING and not course.finding.self_healing:
        return moved(course, Stage.ACTING, at, f"does not heal by itself any more; {course.level.value}")
    return late(course, at)


def _level(course: Course, now: Finding) -> Escalation:
    """What was handed one up stays there."""
    return max(course.level, now.cause.escalation, key=_LEVELS.index)


def _missed(course: Course, at: float) -> Course:
    gone_at = course.gone_at or at
    course = replace(course, missing=course.missing + 1, gone_at=gone_at)
    if course.missing < LOOKS_TO_RESOLVE:
        return course
    after = f"gone {duration(gone_at - course.detected_at)} after it was seen"
    acted = course.entered(Stage.ACTING)
    by_hand = f"{after}, which does not happen by itself: write down who resolved it and how"
    note = by_hand if acted else f"healed by itself, {after}"
    return moved(course, Stage.RESOLVED, at, note)


def late(course: Course, at: float) -> Course:
    """The course, handed on where its time to heal is over: it needs a manual step now, and the next level."""
    if course.stage is not Stage.WATCHING or course.deadline is None or at <= course.deadline:
        return course
    level = one_up(course.level)
    note = f"did not heal in {duration(limit(course.finding))}: act now; {level.value}"
    return replace(moved(course, Stage.ACTING, at, note), level=level, overdue=True)


def one_up(level: Escalation) -> Escalation:
    """The next level of section 6; the last one has none above it."""
    return _LEVELS[min(_LEVELS.index(level) + 1, len(_LEVELS) - 1)]


def after_watch(course: Course) -> Finding:
    """The finding after the watch: one that did not heal in time needs action now."""
    finding = course.finding
    if not course.overdue:
        return finding
    summary = f"{finding.summary}; did not heal in {duration(limit(finding))}: act now"
    cause = replace(finding.cause, escalation=course.level)
    return replace(finding, summary=summary, cause=cause, self_healing=False)


def watched(courses: Sequence[Course]) -> list[Course]:
    """Those that are still being waited for."""
    return [course for course in courses if course.stage is Stage.WATCHING]


def outcome(course: Course) -> str:
    """How it stands, in one sentence."""
    if not course.open:
        note = next(step.note for step in course.steps if step.stage is Stage.RESOLVED)
        return f"resolved: {note}"
    if course.overdue:
        waited = duration(course.steps[-1].at - course.detected_at)
        limit_s = limit(course.finding)
        return f"not healed: it should have been gone within {duration(limit_s)}; watched for {waited}; act now"
    if course.stage is Stage.WATCHING:
        return f"open: heals by itself within {duration(limit(course.finding))}; not yet seen to have healed"
    if course.entered(Stage.ESCALATED):
        return f"escalated to {course.level.value}"
    return "open: needs a manual step"


def escalated(course: Course, at: float) -> Course:
    """The course after a manual step that did not help; what the operator could do alone goes to the next level."""
    if course.stage is not Stage.ACTING:
        return course
    level = one_up(course.level) if course.level is Escalation.L1 else course.level
    return replace(
        moved(course, Stage.ESCALATED, at, f"the steps were done, but did not help; {level.value}"), level=level
    )


def documented(course: Course, at: float, where: str) -> Course:
    """The course once it is written down, where it has come to its end."""
    ended = course.stage in (Stage.RESOLVED, Stage.ESCALATED)
    return moved(course, Stage.DOCUMENTED, at, where) if ended else course
