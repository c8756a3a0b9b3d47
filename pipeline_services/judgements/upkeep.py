"""Section 5's weekly tasks: restarts, room on the volumes, what creeps, whether a backup was ever restored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.growth import DAY_S, growth, range_of
from pipeline_services.judgements.history import KNOWN_FOR, filled_in, reading_key, require_covered, require_known_since
from pipeline_services.judgements.pods import pods_of
from pipeline_services.model import own_cluster, roles
from pipeline_services.model.commands import TOP_PODS
from pipeline_services.model.component import Component
from pipeline_services.model.errors import NoData, PreconditionNotMet, UnexpectedAnswer
from pipeline_services.model.k8s import K8sObject, age, annotations_of, created_at, restarts_of
from pipeline_services.model.metrics.advice import Advice, advice_about
from pipeline_services.model.metrics.levels.pods import MAX_RESTARTS
from pipeline_services.model.pipeline import PROMETHEUS, Pipeline
from pipeline_services.snapshot.objects import named
from pipeline_services.snapshot.snapshot import Snapshot

ANCHOR: Final = "preventive-maintenance"
REVIEW_EVERY_S: Final = 8 * DAY_S
"""A week and a day: a review that is a little late is none that was left out."""
BACKUP_MAX_AGE_S: Final = REVIEW_EVERY_S
VOLUME_MAX_USED: Final = 0.8
PACE_KNOWN_FOR_S: Final = 6 * 3600.0
NEXT_REVIEW_DAYS: Final = 7.0
TREND_PARTS: Final = 6
TREND_LEAST_RISE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Trend:
    """Something that may creep.

    Attributes:
        series: its name in the source ``trends``.
        least: a rise that is worth a word at all, in the series' own unit.
        unit, scale: for the message.
        reading: what earlier runs kept the same under; empty: they did not.
    """

    series: str
    component: str
    least: float
    unit: str
    scale: float = 1.0
    reading: str = ""


def _memory(app: str) -> Trend:
    return Trend(f"memory/{app}", app, 48 * 2.0**20, "MiB", 2.0**20)


def _volume(part: Component) -> Trend:
    return Trend(f"volume/{part.volume}", "storage", 0.05, "%", 0.01, reading_key("volume-usage", part.id))


def trends(pipeline: Pipeline) -> dict[str, Trend]:
    """What is looked at for a slow rise and has series, by the id of its case."""
    kept = [pipeline[component] for component in pipeline.with_volume]
    of_the_kubelet = {
        **{f"memory-{app}": _memory(app) for app in pipeline.data_path},
        **{f"volume-{part.id}": _volume(part) for part in kept},
    }
    of_the_apps = {
        "consumer_lag": Trend("consumer-lag", roles.PROCESSOR, 500, "readings", reading="consumer-lag"),
        "latency_bucket": Trend("end-to-end-latency", roles.PROCESSOR, 1.0, "s", reading="end-to-end-latency"),
    }
    counted = {trend.series: trend for name, trend in of_the_apps.items() if name in pipeline.metrics}
    return counted | (of_the_kubelet if pipeline.usage == PROMETHEUS else {})


def restarts_are_few(snapshot: Snapshot, component: str) -> None:
    """The component's containers were restarted less than five times in the last week.

    Unlike the daily count this one goes on where a StatefulSet's pod was replaced, as far as Prometheus knows. Of what
    was before, Kubernetes knows the restarts of the pods that are still there.

    Raises:
        NoData: neither knows the whole week, or the whole life of a younger pipeline.
    """
    pods = [pod for pod in pods_of(snapshot, component) if age(pod, snapshot.taken_at) < REVIEW_EVERY_S]
    parts = [part.id for part in snapshot.pipeline.parts_of(component)]
    counted = max(value_of(snapshot, "upkeep/restarts", *parts), sum(map(restarts_of, pods)))
    if counted >= MAX_RESTARTS:
        advice = _advice(component, f"kubectl describe pods -n {{namespace}} -l {{selector:{component}}}")
        raise Deviation(
            snapshot, f"{component} was restarted {counted:.0f} times in a week", f"< {MAX_RESTARTS}", advice
        )
    since = min(remembered_since(snapshot), *map(created_at, pods_of(snapshot, component)), snapshot.taken_at)
    require_known_since(snapshot, since)


def volume_has_room(snapshot: Snapshot, component: str) -> None:
    """The component's volume is less than 80 % full, and will not be full before the next review at its present growth.

    Raises:
        NoData: too little is known to say how fast it grows.
    """
    points = _series(snapshot, trends(snapshot.pipeline)[f"volume-{component}"])
    used = points[-1][1]
    volume = snapshot.pipeline[component].volume
    advice = _advice("storage", f"kubectl exec -n {{namespace}} {{pod:{component}}} -- df -h {{mount:{component}}}")
    if used >= VOLUME_MAX_USED:
        raise Deviation(snapshot, f"the volume {volume} is {used:.0%} full", f"< {VOLUME_MAX_USED:.0%}", advice)
    span = points[-1][0] - points[0][0]
    if span < PACE_KNOWN_FOR_S:
        raise NoData(f"{span / 3600:.1f} h are known; how fast a volume grows takes {PACE_KNOWN_FOR_S / 3600:g}")
    until_full = growth(points).days_until(1 - used)
    if until_full[1] < NEXT_REVIEW_DAYS:
        observed = f"the volume {volume} is {used:.0%} full, and all full in {range_of(until_full)} at this rate"
        raise Deviation(snapshot, observed, f"room for {NEXT_REVIEW_DAYS:g} days, until the next review", advice)
    require_covered(snapshot, [at for at, _ in points])


def comes_back(snapshot: Snapshot, trend_id: str) -> None:
    """What goes up has come down again, or has levelled off.

    It creeps when each sixth of the time that is known lies above the one before, all together by a quarter and by
    more than a mere wobble, and the last step is no smaller than half of an even one.

    Raises:
        NoData: too little is known, or there are gaps.
    """
    trend = trends(snapshot.pipeline)[trend_id]
    points = _series(snapshot, trend)
    levels = _levels(points, trend_id)
    risen, last = levels[-1] - levels[0], levels[-1] - levels[-2]
    worth_a_word = risen >= max(trend.least, TREND_LEAST_RISE * levels[0])
    if (
        all(after > before for before, after in pairwise(levels))
        and worth_a_word
        and last >= risen / (TREND_PARTS - 1) / 2
    ):
        first, now = (f"{level / trend.scale:.3g}" for level in (levels[0], levels[-1]))
        observed = f"{trend_id} creeps from {first} to {now} {trend.unit} and does not return"
        raise Deviation(snapshot, observed, "a slope that does", _advice(trend.component, _NEXT[trend.unit]))
    require_covered(snapshot, [at for at, _ in points])


_NEXT: Final = {
    "MiB": TOP_PODS,
    "readings": "kubectl get hpa -n {namespace}",
    "s": "kubectl get hpa -n {namespace}",
    "%": "kubectl get pvc -n {namespace}",
}


def backup_is_proved(snapshot: Snapshot, component: str) -> None:
    """A backup of the component was restored within a week, and everything in it was as it had been stored.

    Raises:
        PreconditionNotMet: the volume is younger than a week and nobody has tried yet.
    """
    claim = claim_of(snapshot, component)
    advice = _advice(component, "make backup-test").but(impact="it is not known whether lost data can be restored")
    tested = note_on(claim, own_cluster.BACKUP_TESTED, "points", "make backup-test")
    if tested is None:
        if age(claim, snapshot.taken_at) < BACKUP_MAX_AGE_S:
            raise PreconditionNotMet(f"no backup of {component} has been restored yet", next_step="make backup-test")
        raise Deviation(snapshot, f"no backup of {component} was ever restored", "one, every week", advice)
    if tested.findings:
        observed = f"a restored backup of {component} is not what was stored: {tested.findings[0]}"
        raise Deviation(snapshot, observed, f"all {tested.counted} entries, as they were", advice)
    days = (snapshot.taken_at - tested.at) / DAY_S
    if days * DAY_S > BACKUP_MAX_AGE_S:
        raise Deviation(
            snapshot, f"a backup of {component} was last restored {days:.0f} days ago", "one, every week", advice
        )


def claim_of(snapshot: Snapshot, component: str) -> K8sObject:
    """The claim of the component's volume. Raises PreconditionNotMet where there is none."""
    volume = snapshot.pipeline[component].volume
    claim = named(snapshot, "pvcs", volume)
    if claim is None:
        raise PreconditionNotMet(f"there is no volume claim {volume}")
    return claim


class Note(NamedTuple):
    """What was noted of maintenance: when (epoch seconds), how much of what it counts, and what was wrong."""

    at: float
    counted: int
    findings: Sequence[str]


def note_on(claim: K8sObject, name: str, counts: str, command: str) -> Note | None:
    """The note of that name on a claim; None where there is none.

    Args:
        counts: its key that counts something.
        command: writes another one.

    Raises:
        UnexpectedAnswer: it cannot be read.
    """
    note = annotations_of(claim).get(name)
    if note is None:
        return None
    try:
        known = json.loads(note)
        return Note(float(known["at"]), int(known[counts]), [str(line) for line in known["findings"]])
    except (ValueError, KeyError, TypeError) as error:
        raise UnexpectedAnswer(f"the note {name} cannot be read: {note!r}", next_step=command) from error


def value_of(snapshot: Snapshot, source: str, *apps: str) -> float:
    """The sum of the apps' values in a source by app. Raises NoData where there is none."""
    label, pipeline = snapshot.pipeline.series_label, snapshot.pipeline
    rows = {row["metric"].get(label): float(row["value"][1]) for row in snapshot.data(source)}
    if missing := [app for app in apps if pipeline[app].workload not in rows]:
        raise NoData(f"Prometheus has no history of {missing[0]} ({source})")
    return sum(rows[pipeline[app].workload] for app in apps)


def _series(snapshot: Snapshot, trend: Trend) -> list[Sequence[float]]:
    """What Prometheus remembers, and before that what earlier runs read of the same."""
    known = snapshot.data("trends").get(trend.series) or []
    points = filled_in(snapshot, known, trend.reading) if trend.reading else known
    if not points:
        raise NoData(f"Prometheus has no history of {trend.series}")
    return list(points)


def remembered_since(snapshot: Snapshot) -> float:
    """The time of Prometheus' oldest point (epoch seconds); now, where it has none."""
    times = [points[0][0] for points in snapshot.data("trends").values() if points]
    return float(min(times, default=snapshot.taken_at))


def _levels(points: Sequence[Sequence[float]], what: str) -> list[float]:
    """The median of each sixth of the time."""
    start, span = points[0][0], points[-1][0] - points[0][0]
    if span < KNOWN_FOR:
        raise NoData(f"{span / 3600:.1f} h are known; a trend takes {KNOWN_FOR / 3600:g}")
    parts: list[list[float]] = [[] for _ in range(TREND_PARTS)]
    for at, value in points:
        parts[min(TREND_PARTS - 1, int((at - start) / span * TREND_PARTS))].append(value)
    if not all(parts):
        raise NoData(f"{what} is not known throughout: a sixth of the time has no value")
    return [median(part) for part in parts]


def _advice(component: str, command: str) -> Advice:
    return advice_about(component).but(next_command=command, runbook=ANCHOR)
