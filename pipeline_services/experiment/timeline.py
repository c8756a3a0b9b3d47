"""One time line of a scenario: marks, the cluster's events, samples and log lines, merged and in order. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pipeline_services.experiment.scenario import Story
from pipeline_services.measure.samples import newest_of

MOST_BYTES: Final = 256 * 1024
"""What an attachment may be; where it was cut, it says so."""
ORDER: Final = {"mark": 0, "check": 1, "event": 2, "pod": 3, "log": 4}
_LOUD: Final = ("ERROR", "WARN", "CRITICAL", "Traceback", "panic", "fatal")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: ``at`` in epoch seconds, ``kind`` one of ``ORDER``."""

    at: float
    kind: str
    what: str


def merged(story: Story) -> list[Entry]:
    """Everything that happened, oldest first."""
    entries = [
        *(
            Entry(at, "mark", f"{name}: {story.summary}" if name == "injected" else name)
            for name, at in story.marks.items()
        ),
        *(Entry(one.at, "check", f"{one.id} {one.kind}: {one.message}") for one in story.seen),
        *(_event(event) for event in story.events),
        *_pod_changes(story),
        *(entry for pod, lines in story.logs.items() for entry in _log(pod, lines)),
    ]
    begin, end = story.marks.get("begin", 0.0), story.marks.get("end", float("inf"))
    inside = [entry for entry in entries if begin <= entry.at <= end]
    return sorted(inside, key=lambda entry: (entry.at, ORDER[entry.kind]))


def as_text(story: Story) -> str:
    """The time line for people: seconds from the landing of the fault."""
    zero = story.marks.get("landed", story.marks.get("begin", 0.0))
    lines = [f"{entry.at - zero:+8.2f} s  {entry.kind:<5}  {entry.what}" for entry in merged(story)]
    head = f"0 is {datetime.fromtimestamp(zero, UTC):%Y-%m-%d %H:%M:%S} UTC, when the fault was seen to have landed"
    return _bounded("\n".join([head, *lines]) + "\n")


def as_json(story: Story) -> str:
    """The data of the picture and of the time line."""
    document = {
        "case": story.case.id,
        "fault": story.summary,
        "marks": story.marks,
        "figures": story.figures(),
        "recovery": story.recovery.to_dict() if story.recovery else None,
        "sampling_error_s": sampling_error(story),
        "stored_age": series(story)["age"],
        "lag": series(story)["lag"],
        "timeline": [[round(entry.at, 3), entry.kind, entry.what] for entry in merged(story)],
    }
    return _bounded(json.dumps(document, ensure_ascii=False) + "\n")


def series(story: Story) -> dict[str, list[tuple[float, float]]]:
    """What the picture shows: the age of the newest stored reading and the group's lag over time."""
    audit = story.case.audit
    ages = [
        (round(sample.answered, 3), round(max(0.0, sample.answered - newest), 3))
        for sample in story.samples.stored
        if not sample.error and (newest := newest_of(sample, audit=audit)) is not None
    ]
    lags = [(round(sample.answered, 3), float(sample.lag)) for sample in story.samples.lag if not sample.error]
    return {"age": ages, "lag": lags}


def sampling_error(story: Story) -> float | None:
    """The largest error of the recovery clock's moments, in seconds."""
    recovery = story.recovery
    if recovery is None:
        return None
    moments = (recovery.ready, recovery.flowing, recovery.recovered)
    return round(max((moment.error for moment in moments if moment), default=0.0), 3)


def _event(event: Mapping[str, Any]) -> Entry:
    times = (event.get("lastTimestamp"), event.get("eventTime"), event["metadata"].get("creationTimestamp"))
    at = next((_epoch(str(time)) for time in times if time), 0.0)
    what = event.get("involvedObject") or {}
    return Entry(at, "event", f"{what.get('kind')}/{what.get('name')} {event.get('reason')}: {event.get('message')}")


def _pod_changes(story: Story) -> Iterator[Entry]:
    """A line whenever a pod comes, goes, or changes its status."""
    known: dict[str, str] = {}
    for sample in story.samples.pods:
        if sample.error:
            continue
        now = {
            pod.name: f"{pod.status}{', ready' if pod.ready else ''}{', going' if pod.going else ''}, "
            f"{pod.restarts} restarts"
            for pod in sample.pods
        }
        if known:
            changed = [name for name in now.keys() | known.keys() if now.get(name) != known.get(name)]
            yield from (Entry(sample.answered, "pod", f"{name}: {now.get(name, 'gone')}") for name in sorted(changed))
        known = now


def _log(pod: str, lines: list[str]) -> Iterator[Entry]:
    """The loud lines only; the whole tail is attached apart."""
    for line in lines:
        stamp, _, text = line.partition(" ")
        if any(word in text for word in _LOUD):
            at = _epoch(stamp)
            if at:
                yield Entry(at, "log", f"{pod}: {text[:240]}")


def _epoch(text: str) -> float:
    """RFC 3339 with up to nanoseconds; 0.0 for what is not."""
    head, dot, tail = text.replace("Z", "+00:00").partition(".")
    if dot:
        digits = tail.split("+", 1)[0].split("-", 1)[0]
        zone = tail[len(digits) :]
        head = f"{head}.{digits[:6].ljust(6, '0')}{zone}"
    try:
        return datetime.fromisoformat(head).timestamp()
    except ValueError:
        return 0.0


def _bounded(text: str) -> str:
    data = text.encode()
    if len(data) <= MOST_BYTES:
        return text
    return data[:MOST_BYTES].decode(errors="ignore") + f"\n... cut here, {len(data)} bytes in all\n"
