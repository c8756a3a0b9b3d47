"""Section 5's weekly review of Warning events and log errors: what comes again and again, and what is new. Pure.

An event or a line is of a kind: whose it is, and what it says but for numbers and names. What was seen while something
was broken on purpose does not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.events import component_of
from pipeline_services.judgements.history import WEEK, breaks, looks, require_covered
from pipeline_services.judgements.known_issues import Source, known_issue
from pipeline_services.model.commands import LOGS_OF
from pipeline_services.model.k8s import first_seen, involved_object, last_seen, stamped_lines, times_seen
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.model.text import one_line, plural, shape_of, utc
from pipeline_services.snapshot.snapshot import Snapshot

EVENTS: Final[Source] = "events"
LOGS: Final[Source] = "logs"
LOUD_LINES: Final = "loki/loud"
REVIEW: Final = "weekly"
EVENT_LIVES_S: Final = 3600.0
"""The API server forgets an event an hour after it was seen last."""
RECURS: Final = 3
"""Times from which on something recurs ..."""
RECURS_OVER_S: Final = 3600.0
"""... where so much time lies between the first and the last."""
AFTER_BREAK_S: Final = 600.0
"""What was broken on purpose may be complained of for so long after it was put right."""
STARTING: Final = "Startup probe failed"
SHOWN: Final = 160
LATEST_EVENTS: Final = "kubectl get events -n {namespace} --sort-by=.lastTimestamp"


@dataclass(frozen=True, slots=True)
class Kind:
    """What was seen of one kind.

    Attributes:
        times: epoch seconds, in order, as far as they are known.
        count: how often, at least.
        new: it was not seen up to the last review.
    """

    source: Source
    component: str
    sample: str
    times: tuple[float, ...]
    count: int
    new: bool = True

    @property
    def key(self) -> tuple[str, str, str]:
        """Equal for what is of the same kind."""
        return self.source, self.component, shape_of(self.sample)

    @property
    def recurs(self) -> bool:
        """Whether it came several times, and not all at once."""
        return self.count >= RECURS and self.times[-1] - self.times[0] >= RECURS_OVER_S

    def __str__(self) -> str:
        new = "new: " if self.new else ""
        span = f"{utc(self.times[0])} to {utc(self.times[-1])}"
        return f"{new}{one_line(self.sample, SHOWN)} ({plural(self.count, 'time')}, {span})"


def no_new_warning_recurs(snapshot: Snapshot, component: str) -> list[Kind]:
    """No Warning event that came up since the last review comes again and again; returns those that did before.

    Raises:
        Deviation: one does, and is no known issue.
        NoData: too little was seen of the week.
    """
    return _nothing_new_recurs(snapshot, EVENTS, component)


def no_new_error_recurs(snapshot: Snapshot, component: str) -> list[Kind]:
    """The same for errors that were logged."""
    return _nothing_new_recurs(snapshot, LOGS, component)


def _nothing_new_recurs(snapshot: Snapshot, source: Source, component: str) -> list[Kind]:
    recurring = [kind for kind in kinds(snapshot, source) if kind.component == component and kind.recurs]
    new = [kind for kind in recurring if kind.new]
    if new:
        more = f"; and {len(new) - 1} more of that kind" if len(new) > 1 else ""
        advice = advice_about(component).but(
            next_command=LATEST_EVENTS if source == EVENTS else LOGS_OF % component, runbook="preventive-maintenance"
        )
        raise Deviation(snapshot, f"{new[0]}{more}", "no new recurring message that is not a known issue", advice)
    require_covered(snapshot, _covered(snapshot, source))
    return recurring


def kinds(snapshot: Snapshot, source: Source) -> list[Kind]:
    """Every kind of the last week that is no known issue: the new ones first, of those the last seen first."""
    past = looks(snapshot)
    reviewed = max((look["at"] for look in past if look.get("kind") == REVIEW), default=0.0)
    begin = snapshot.taken_at - WEEK
    known = {kind.key for look in past if look["at"] <= reviewed for kind in _kept(look["seen"], source)}
    now = _events(snapshot) if source == EVENTS else _lines(snapshot)
    seen = [*(kind for look in past if look["at"] >= begin for kind in _kept(look["seen"], source)), *now]
    found = [_unbroken(snapshot, kind) for kind in _merged(seen)]
    kept = [
        Kind(kind.source, kind.component, kind.sample, kind.times, kind.count, kind.key not in known)
        for kind in found
        if kind.times and not _may_recur(kind, snapshot.taken_at)
    ]
    return sorted(kept, key=lambda kind: (not kind.new, -kind.times[-1]))


def _may_recur(kind: Kind, now: float) -> bool:
    said = kind.sample.partition(" ")[2] if kind.source == EVENTS else kind.sample  # an event without its object's kind
    issue = known_issue(kind.source, kind.component, said, now)
    return issue is not None and issue.may_recur


def seen_now(snapshot: Snapshot) -> list[dict[str, Any]]:
    """What a run keeps of its own look: the kinds of Warning events and of errors at the end of each log."""
    return [
        {"source": kind.source, "component": kind.component, "sample": kind.sample, "count": kind.count}
        | {"times": [round(at) for at in kind.times]}
        for kind in _merged([*_events(snapshot), *_tails(snapshot)])
    ]


def _events(snapshot: Snapshot) -> Iterator[Kind]:
    """Every Warning, but of containers that start: they are asked until they answer, or else restarted."""
    for event in snapshot.data("events"):
        if event.get("type") == "Warning" and not str(event.get("message", "")).startswith(STARTING):
            text = f"{involved_object(event)[0]} {event.get('reason')}: {event.get('message', '')}"
            times = (first_seen(event), last_seen(event))
            yield Kind(EVENTS, component_of(snapshot.pipeline, event), one_line(text, 300), times, times_seen(event))


def _lines(snapshot: Snapshot) -> Iterator[Kind]:
    for kind in snapshot.data(LOUD_LINES)["kinds"]:
        part = snapshot.pipeline.workloads.get(kind["component"])
        if part and part.logs_an_error(kind["sample"]):
            yield Kind(LOGS, part.reports_to, kind["sample"], tuple(kind["times"]), kind["count"])


def _tails(snapshot: Snapshot) -> Iterator[Kind]:
    for part in snapshot.pipeline.workloads.values():
        for tail in snapshot.answers.get(f"logs/{part.id}", ()):
            for at, text in stamped_lines(tail):
                if part.logs_an_error(text):
                    yield Kind(LOGS, part.reports_to, one_line(text, 300), (at,), 1)


def _kept(seen: Iterable[Any], source: Source) -> Iterator[Kind]:
    for one in seen:
        if one["source"] == source:
            yield Kind(source, one["component"], one["sample"], tuple(one["times"]), one["count"])


def _merged(seen: Iterable[Kind]) -> list[Kind]:
    """One for each kind. Several runs see the same event: its times are united, and its largest count is kept."""
    found: dict[tuple[str, str, str], Kind] = {}
    for kind in seen:
        other = found.get(kind.key, kind)
        times = tuple(sorted({*other.times, *kind.times}))
        count = max(other.count, kind.count, len(times))
        found[kind.key] = Kind(kind.source, kind.component, kind.sample, times, count)
    return list(found.values())


def _unbroken(snapshot: Snapshot, kind: Kind) -> Kind:
    """Without what was seen while something was broken on purpose."""
    left = tuple(at for at in kind.times if not _is_within(at, breaks(snapshot)))
    return Kind(kind.source, kind.component, kind.sample, left, kind.count - (len(kind.times) - len(left)))


def _is_within(at: float, spans: Sequence[tuple[float, float]]) -> bool:
    return any(begin <= at <= end + AFTER_BREAK_S for begin, end in spans)


def _covered(snapshot: Snapshot, source: Source) -> list[float]:
    """The times at which it is known what was seen, in order: those of each look, and what is remembered by itself."""
    past = [look["at"] - EVENT_LIVES_S for look in looks(snapshot, snapshot.taken_at - WEEK)]
    since = float(snapshot.data(LOUD_LINES)["since"]) if source == LOGS else snapshot.taken_at - EVENT_LIVES_S
    hours = int((snapshot.taken_at - since) // EVENT_LIVES_S)
    return sorted([*past, *(since + hour * EVENT_LIVES_S for hour in range(hours + 1))])
