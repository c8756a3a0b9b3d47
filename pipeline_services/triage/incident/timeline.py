"""The time line of an incident, from the snapshot alone: changes, events, pods, figures, and what triage saw. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from pipeline_services.judgements.events import component_of
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.k8s import (
    K8sObject,
    condition_since,
    container_statuses,
    created_at,
    deleted_at,
    epoch,
    first_seen,
    involved_object,
    is_true,
    labels_of,
    last_end,
    last_seen,
    name_of,
    state_of,
    times_seen,
)
from pipeline_services.model.text import duration, one_line
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.walk.workflow import Course, Stage

BEFORE: Final = 900.0
"""Seconds before the first onset that belong to the story: what led to it stands there."""
USUAL: Final = 1800.0
"""Seconds to look back where nobody knows when it began."""
MOST: Final = 50
_WITH_IT: Final = 60.0
"""Seconds before the first onset from which on an event counts as a part of the fault, and not of what was before."""
_NOTICED: Final = 3
"""How many boxes of the flowchart are passed in the moment in which a finding is noticed."""
_WIDTH: Final = 220
_FIELDS: Final = 4
CHANGE, EVENT, POD, FIGURE, TRIAGE = "change", "event", "pod", "figure", "triage"
_ORDER: Final = (CHANGE, EVENT, POD, FIGURE, TRIAGE)
_KEPT: Final = (TRIAGE, CHANGE, FIGURE)
_ROUTINE: Final = frozenset(
    {"Pulled", "Pulling", "Created", "Scheduled", "Started", "ProbeWarning", "SuccessfulAttachVolume"}
)
"""Events that say nothing but that Kubernetes does its work; the pods' own times tell the same."""


_STIR: Final = frozenset({"Unhealthy", "Killing", "SuccessfulCreate", "SuccessfulDelete"})
"""Events that every rollout and every start brings."""


_TURNS: Final = frozenset({"ScalingReplicaSet", "SuccessfulRescale"})
"""Events of which each says something else: down, and up again."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened; ``kind`` is one of change, event, pod, figure and triage."""

    at: float
    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class _Scope:
    """What belongs to the story: of the time before it only what its own components did, and no mere stir."""

    began: float
    own: AbstractSet[str]
    suffering: AbstractSet[str]

    def is_part(self, at: float) -> bool:
        return at >= self.began - _WITH_IT


def happenings(
    snapshot: Snapshot, courses: Sequence[Course], most: int = MOST, last: Snapshot | None = None
) -> list[Happening]:
    """What led to the findings and what came of them, oldest first; where it is too much, the newest.

    Of the objects only those of the components concerned are told: a cluster does much at any time.

    Args:
        last: of the last look, where there was more than one: how it came back is only seen there.
    """
    newest = last or snapshot
    told = list(_told(courses))
    began = min((one.at for one in told), default=snapshot.taken_at)
    known = any(course.finding.since is not None for course in courses)
    start = began - (BEFORE if known else USUAL)
    own = frozenset(course.finding.component for course in courses)
    scope = _Scope(began, own, own.union(*(course.finding.affects for course in courses)))
    seen = [*_figures(snapshot), *_events(newest, scope)]
    seen += [one for each in (snapshot, newest) for one in (*_changes(each), *_pods(each, scope))]
    inside = [one for one in dict.fromkeys(seen) if start <= one.at <= newest.taken_at]
    kept = [*told, *sorted((one for one in inside if one.kind in _KEPT), key=_when)][-most:]
    rest = sorted((one for one in inside if one.kind not in _KEPT), key=_when)
    return sorted([*rest[max(0, len(rest) - (most - len(kept))) :], *kept], key=_when)


def _when(one: Happening) -> tuple[int, int]:
    """In the order of time; within a second, which is all that objects tell, the cause before what came of it."""
    return int(one.at), _ORDER.index(one.kind)


def _told(courses: Sequence[Course]) -> Iterator[Happening]:
    """When each finding began, when it was noticed, and every turn that it has taken since."""
    for course in courses:
        finding = course.finding
        if finding.since is not None:
            yield Happening(finding.since, TRIAGE, f"began: {finding.component}: {finding.cause.title}")
        where = finding.subject or finding.component
        looked = next(step.note for step in course.steps if step.stage is Stage.EXAMINED)
        yield Happening(course.detected_at, TRIAGE, f"noticed: {where}: {finding.cause.title}; evidence: {looked}")
        for step in course.steps[_NOTICED:]:
            if step.stage is not Stage.DOCUMENTED:
                yield Happening(step.at, TRIAGE, f"{finding.component}: {step.stage.value}: {step.note}")
    written = {step for course in courses for step in course.steps if step.stage is Stage.DOCUMENTED}
    yield from (Happening(step.at, TRIAGE, f"{step.stage.value}: {step.note}") for step in written)


def _answer(snapshot: Snapshot, source: str) -> Any:
    try:
        return snapshot.data(source)
    except PipelineError:
        return []  # the document says which sources are missing


def _changes(snapshot: Snapshot) -> Iterator[Happening]:
    for change in _answer(snapshot, "changes"):
        fields = list(change.get("fields") or ["something"])
        who = f"{change['kind'].lower()}/{change['name']}: {change.get('manager') or 'somebody'} wrote "
        yield Happening(epoch(change["time"]), CHANGE, who + _some(fields, _WIDTH - len(who)))


def _some(fields: Sequence[str], width: int) -> str:
    """As many as fit, the first in any case, and how many more there are."""
    shown = min(len(fields), _FIELDS)
    while shown > 1 and len(", ".join(fields[:shown])) > width:
        shown -= 1
    more = f" and {len(fields) - shown} more" if len(fields) > shown else ""
    return one_line(", ".join(fields[:shown]), _WIDTH) + more


def _events(snapshot: Snapshot, scope: _Scope) -> Iterator[Happening]:
    """Of events that say the same of the same object one: its first where it began with the fault, else its last."""
    alike: dict[tuple[str, ...], list[K8sObject]] = {}
    for event in _answer(snapshot, "events"):
        if event.get("reason") not in _ROUTINE and component_of(snapshot.pipeline, event) in scope.suffering:
            kind, name = involved_object(event)
            turn = event.get("message", "") if event.get("reason") in _TURNS and scope.is_part(last_seen(event)) else ""
            same = (kind, name, str(event.get("reason")), turn)
            alike.setdefault(same, []).append(event)
    for (kind, name, reason, _), events in alike.items():
        newest = max(events, key=last_seen)
        first, last = min(map(first_seen, events)), last_seen(newest)
        times = sum(map(times_seen, events))
        what = one_line(f"{reason} {kind.lower()}/{name}: {newest.get('message', '')}", _WIDTH)
        if scope.is_part(first):
            yield Happening(first, EVENT, what + (f" ({times} times in {duration(last - first)})" if times > 1 else ""))
        elif scope.is_part(last) or (component_of(snapshot.pipeline, newest) in scope.own and reason not in _STIR):
            yield Happening(last, EVENT, what + (f" (the last of {times})" if times > 1 else ""))


def _pods(snapshot: Snapshot, scope: _Scope) -> Iterator[Happening]:
    for pod in _answer(snapshot, "pods"):
        part = snapshot.pipeline.component_of(labels_of(pod))
        component = part.reports_to if part else ""
        for one in _life(pod) if component in scope.suffering else ():
            if component in scope.own or scope.is_part(one.at):
                yield one


def _life(pod: K8sObject) -> Iterator[Happening]:
    name, deleted, turned = name_of(pod), deleted_at(pod), condition_since(pod, "Ready")
    yield Happening(created_at(pod), POD, f"pod/{name} was made")
    if deleted is not None:
        yield Happening(deleted, POD, f"pod/{name} was told to end")
    if turned is not None:
        word = "became ready" if is_true(pod, "Ready") else "is not ready from here on"
        yield Happening(turned, POD, f"pod/{name} {word}")
    for status in container_statuses(pod):
        yield from _container(name, status)


def _container(pod: str, status: Mapping[str, Any]) -> Iterator[Happening]:
    for ended in (state_of(status, "terminated"), last_end(status)):
        if ended.get("finishedAt"):
            how = f"{ended.get('reason', 'ended')}, exit code {ended.get('exitCode')}"
            yield Happening(epoch(ended["finishedAt"]), POD, f"container {status['name']} of pod/{pod} ended: {how}")
    running = state_of(status, "running")
    if running.get("startedAt") and status.get("restartCount"):
        nth = f"restart {status['restartCount']}"
        yield Happening(
            epoch(running["startedAt"]), POD, f"container {status['name']} of pod/{pod} started again, {nth}"
        )


def _figures(snapshot: Snapshot) -> Iterator[Happening]:
    series = _answer(snapshot, "onset") or {}
    for name, points in series.items():
        turn = turned([(float(at), float(value)) for at, value in points])
        if turn:
            at, before, after = turn
            yield Happening(at, FIGURE, f"{name} goes from {before:g} to {after:g}")


def turned(points: Sequence[tuple[float, float]]) -> tuple[float, float, float] | None:
    """When a series left its usual level for good: the moment, what it was, what it is now; None where it did not.

    The usual level is the median of the first half; gone is what ends more than half of it, and more than 1, away.
    """
    if len(points) < 4:
        return None
    usual, last = median(value for _, value in points[: len(points) // 2]), points[-1][1]
    if abs(last - usual) <= max(abs(usual) / 2, 1.0):
        return None
    middle = (usual + last) / 2
    turn = len(points) - 1
    while turn > 0 and (points[turn - 1][1] > middle) == (last > middle):
        turn -= 1
    return points[turn][0], round(usual, 2), round(last, 2)
