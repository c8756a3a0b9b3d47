"""The time line of an incident, from the snapshot alone: changes, events, pods, figures, and what triage saw. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from pipeline_services.judgements.events import component_of
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
    last_end,
    last_seen,
    name_of,
    state_of,
    times_seen,
)
from pipeline_services.model.text import duration, one_line
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.walk.workflow import Course, Stage

LEAD_UP_S: Final = 900.0
"""Seconds before the first onset that belong to the incident: what led to it."""
LOOK_BACK_S: Final = 1800.0
"""Seconds to look back where nobody knows when it began."""
MAX_EVENTS: Final = 50
_ONSET_SLACK_S: Final = 60.0
"""Seconds before the first onset from which on an event counts as a part of the fault, and not of what was before."""
_STEPS_TO_NOTICE: Final = 3
"""How many boxes of the flowchart are passed in the moment in which a finding is noticed."""
_WIDTH: Final = 220
_FIELDS: Final = 4
CHANGE, EVENT, POD, FIGURE, TRIAGE = "change", "event", "pod", "figure", "triage"
_ORDER: Final = (CHANGE, EVENT, POD, FIGURE, TRIAGE)
_KEPT: Final = (TRIAGE, CHANGE, FIGURE)
_ROUTINE: Final = frozenset(
    {"Pulled", "Pulling", "Created", "Scheduled", "Started", "ProbeWarning", "SuccessfulAttachVolume"}
)
"""Events that say nothing but that Kubernetes does its work; the pods' own times show the same."""


_EVERY_ROLLOUT: Final = frozenset({"Unhealthy", "Killing", "SuccessfulCreate", "SuccessfulDelete"})
"""Events that every rollout and every start brings."""


_DISTINCT_BY_MESSAGE: Final = frozenset({"ScalingReplicaSet", "SuccessfulRescale"})
"""Events that differ by their message: scaled down, scaled up."""


@dataclass(frozen=True, slots=True)
class IncidentEvent:
    """One thing that happened; ``kind`` is one of change, event, pod, figure and triage."""

    at: float
    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class _Scope:
    """What belongs to the incident: before its onset only what its own components did, and nothing routine."""

    began: float
    own: AbstractSet[str]
    suffering: AbstractSet[str]

    def is_part(self, at: float) -> bool:
        return at >= self.began - _ONSET_SLACK_S


def incident_events(
    snapshot: Snapshot, courses: Sequence[Course], most: int = MAX_EVENTS, last: Snapshot | None = None
) -> list[IncidentEvent]:
    """What led to the findings and what came of them, oldest first; where it is too much, the newest.

    Only objects of the components concerned count: a cluster does much at any time.

    Args:
        last: of the last look, where there was more than one: how it came back is only seen there.
    """
    newest = last or snapshot
    seen_by_triage = list(_triage_steps(courses))
    began = min((one.at for one in seen_by_triage), default=snapshot.taken_at)
    known = any(course.finding.since is not None for course in courses)
    start = began - (LEAD_UP_S if known else LOOK_BACK_S)
    own = frozenset(course.finding.component for course in courses)
    scope = _Scope(began, own, own.union(*(course.finding.affects for course in courses)))
    seen = [*_figures(snapshot), *_events(newest, scope)]
    seen += [one for each in (snapshot, newest) for one in (*_changes(each), *_pods(each, scope))]
    inside = [one for one in dict.fromkeys(seen) if start <= one.at <= newest.taken_at]
    kept = [*seen_by_triage, *sorted((one for one in inside if one.kind in _KEPT), key=_when)][-most:]
    rest = sorted((one for one in inside if one.kind not in _KEPT), key=_when)
    return sorted([*rest[max(0, len(rest) - (most - len(kept))) :], *kept], key=_when)


def _when(one: IncidentEvent) -> tuple[int, int]:
    """In the order of time; objects have whole seconds, so within one the cause comes before its effects."""
    return int(one.at), _ORDER.index(one.kind)


def _triage_steps(courses: Sequence[Course]) -> Iterator[IncidentEvent]:
    """When each finding began, when it was noticed, and every step since."""
    for course in courses:
        finding = course.finding
        if finding.since is not None:
            yield IncidentEvent(finding.since, TRIAGE, f"began: {finding.component}: {finding.cause.title}")
        where = finding.subject or finding.component
        looked = next(step.note for step in course.steps if step.stage is Stage.EXAMINED)
        yield IncidentEvent(course.detected_at, TRIAGE, f"noticed: {where}: {finding.cause.title}; evidence: {looked}")
        for step in course.steps[_STEPS_TO_NOTICE:]:
            if step.stage is not Stage.DOCUMENTED:
                yield IncidentEvent(step.at, TRIAGE, f"{finding.component}: {step.stage.value}: {step.note}")
    written = {step for course in courses for step in course.steps if step.stage is Stage.DOCUMENTED}
    yield from (IncidentEvent(step.at, TRIAGE, f"{step.stage.value}: {step.note}") for step in written)


def _changes(snapshot: Snapshot) -> Iterator[IncidentEvent]:
    for change in snapshot.data_or("changes", ()):
        fields = list(change.get("fields") or ["something"])
        who = f"{change['kind'].lower()}/{change['name']}: {change.get('manager') or 'unknown'} wrote "
        yield IncidentEvent(epoch(change["time"]), CHANGE, who + _some(fields, _WIDTH - len(who)))


def _some(fields: Sequence[str], width: int) -> str:
    """As many as fit, the first in any case, and how many more there are."""
    shown = min(len(fields), _FIELDS)
    while shown > 1 and len(", ".join(fields[:shown])) > width:
        shown -= 1
    more = f" and {len(fields) - shown} more" if len(fields) > shown else ""
    return one_line(", ".join(fields[:shown]), _WIDTH) + more


def _events(snapshot: Snapshot, scope: _Scope) -> Iterator[IncidentEvent]:
    """Of events that say the same of the same object one: its first where it began with the fault, else its last."""
    alike: dict[tuple[str, ...], list[K8sObject]] = {}
    for event in snapshot.data_or("events", ()):
        if event.get("reason") not in _ROUTINE and component_of(snapshot.pipeline, event) in scope.suffering:
            kind, name = involved_object(event)
            turn = (
                event.get("message", "")
                if event.get("reason") in _DISTINCT_BY_MESSAGE and scope.is_part(last_seen(event))
                else ""
            )
            same = (kind, name, str(event.get("reason")), turn)
            alike.setdefault(same, []).append(event)
    for (kind, name, reason, _), events in alike.items():
        newest = max(events, key=last_seen)
        first, last = min(map(first_seen, events)), last_seen(newest)
        times = sum(map(times_seen, events))
        what = one_line(f"{reason} {kind.lower()}/{name}: {newest.get('message', '')}", _WIDTH)
        if scope.is_part(first):
            yield IncidentEvent(
                first, EVENT, what + (f" ({times} times in {duration(last - first)})" if times > 1 else "")
            )
        elif scope.is_part(last) or (
            component_of(snapshot.pipeline, newest) in scope.own and reason not in _EVERY_ROLLOUT
        ):
            yield IncidentEvent(last, EVENT, what + (f" (the last of {times})" if times > 1 else ""))


def _pods(snapshot: Snapshot, scope: _Scope) -> Iterator[IncidentEvent]:
    for pod in snapshot.data_or("pods", ()):
        part = snapshot.pipeline.component_of(pod)
        component = part.reports_to if part else ""
        for one in _life(pod) if component in scope.suffering else ():
            if component in scope.own or scope.is_part(one.at):
                yield one


def _life(pod: K8sObject) -> Iterator[IncidentEvent]:
    name, deleted, changed = name_of(pod), deleted_at(pod), condition_since(pod, "Ready")
    yield IncidentEvent(created_at(pod), POD, f"pod/{name} was created")
    if deleted is not None:
        yield IncidentEvent(deleted, POD, f"deletion of pod/{name} was requested")
    if changed is not None:
        word = "became ready" if is_true(pod, "Ready") else "stopped being ready"
        yield IncidentEvent(changed, POD, f"pod/{name} {word}")
    for status in container_statuses(pod):
        yield from _container(name, status)


def _container(pod: str, status: Mapping[str, Any]) -> Iterator[IncidentEvent]:
    for ended in (state_of(status, "terminated"), last_end(status)):
        if ended.get("finishedAt"):
            how = f"{ended.get('reason', 'ended')}, exit code {ended.get('exitCode')}"
            yield IncidentEvent(
                epoch(ended["finishedAt"]), POD, f"container {status['name']} of pod/{pod} ended: {how}"
            )
    running = state_of(status, "running")
    if running.get("startedAt") and status.get("restartCount"):
        nth = f"restart {status['restartCount']}"
        yield IncidentEvent(
            epoch(running["startedAt"]), POD, f"container {status['name']} of pod/{pod} started again, {nth}"
        )


def _figures(snapshot: Snapshot) -> Iterator[IncidentEvent]:
    series = snapshot.data_or("onset", {})
    for name, points in series.items():
        change = level_change([(float(at), float(value)) for at, value in points])
        if change:
            at, before, after = change
            yield IncidentEvent(at, FIGURE, f"{name} goes from {before:g} to {after:g}")


def level_change(points: Sequence[tuple[float, float]]) -> tuple[float, float, float] | None:
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
