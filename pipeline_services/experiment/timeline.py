"""One time line of a scenario: marks, the cluster's events, samples and log lines, merged and in order. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.experiment.result import Result
from pipeline_services.measure.samples import Samples, newest_of
from pipeline_services.model.k8s import involved_object, last_seen, stamped
from pipeline_services.model.text import utc

MAX_BYTES: Final = 256 * 1024
"""What an attachment may be; where it was cut, it says so."""
ORDER: Final = {"mark": 0, "check": 1, "event": 2, "pod": 3, "log": 4}
_LOUD: Final = ("ERROR", "WARN", "CRITICAL", "Traceback", "panic", "fatal")


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened: ``at`` in epoch seconds, ``kind`` one of ``ORDER``."""

    at: float
    kind: str
    what: str


def phases(result: Result) -> dict[str, float]:
    """When each phase that was reached began, by its name."""
    found = {"begin": result.gate.at}
    if result.injected:
        found |= {"injected": result.injected.at, "made": result.injected.made_at}
    if result.landed:
        found["landed"] = result.landed.at
    if result.healed:
        found["healed"] = result.healed.undone_at
        found |= {"gone": result.healed.gone_at} if result.healed.gone_at is not None else {}
    if result.recovered:
        clock = result.recovered.clock
        moments = {"ready": clock.ready, "flowing": clock.flowing}
        moments |= {"recovered": clock.recovered, "drained": clock.drained}
        found |= {name: clock.start + moment.after for name, moment in moments.items() if moment}
    if result.evidence:
        found["end"] = result.evidence.until
    return found


def merged(result: Result) -> list[TimelineEntry]:
    """Everything that happened, oldest first."""
    moments, evidence = phases(result), result.evidence
    entries = [
        *(
            TimelineEntry(at, "mark", f"{name}: {result.summary}" if name == "injected" else name)
            for name, at in moments.items()
        ),
        *(TimelineEntry(one.at, "check", f"{one.id} {one.kind}: {one.message}") for one in result.observed.detections),
    ]
    if evidence:
        entries += [_event(event) for event in evidence.events]
        entries += _pod_changes(evidence.samples)
        entries += [entry for pod, lines in evidence.logs.items() for entry in _log(pod, lines)]
    inside = [entry for entry in entries if moments["begin"] <= entry.at <= moments.get("end", float("inf"))]
    return sorted(inside, key=lambda entry: (entry.at, ORDER[entry.kind]))


def as_text(result: Result) -> str:
    """The time line for people: seconds from the landing of the fault."""
    zero = result.zero
    lines = [f"{entry.at - zero:+8.2f} s  {entry.kind:<5}  {entry.what}" for entry in merged(result)]
    head = f"0 is {utc(zero)}, when the fault was seen to have landed"
    return _bounded("\n".join([head, *lines]) + "\n")


def as_json(result: Result) -> str:
    """The data of the picture and of the time line."""
    data = series(result)
    document = {
        "case": result.scenario.id,
        "fault": result.summary,
        "marks": phases(result),
        "figures": result.figures(),
        "recovery": result.recovered.clock.to_dict() if result.recovered else None,
        "sampling_error_s": sampling_error(result),
        "stored_age": data["age"],
        "lag": data["lag"],
        "timeline": [[round(entry.at, 3), entry.kind, entry.what] for entry in merged(result)],
    }
    return _bounded(json.dumps(document, ensure_ascii=False) + "\n")


def series(result: Result) -> dict[str, list[tuple[float, float]]]:
    """What the picture shows: the age of the newest stored reading and the group's lag over time."""
    audit = result.scenario.plan.audited
    samples = result.evidence.samples if result.evidence else Samples()
    ages = [
        (round(sample.answered, 3), round(max(0.0, sample.answered - newest), 3))
        for sample in samples.stored
        if not sample.error and (newest := newest_of(sample, audit=audit)) is not None
    ]
    lags = [(round(sample.answered, 3), float(sample.lag)) for sample in samples.lag if not sample.error]
    return {"age": ages, "lag": lags}


def sampling_error(result: Result) -> float | None:
    """The largest error of the recovery clock's moments, in seconds."""
    if result.recovered is None:
        return None
    clock = result.recovered.clock
    moments = (clock.ready, clock.flowing, clock.recovered)
    return round(max((moment.error for moment in moments if moment), default=0.0), 3)


def _event(event: Mapping[str, Any]) -> TimelineEntry:
    kind, name = involved_object(event)
    return TimelineEntry(last_seen(event), "event", f"{kind}/{name} {event.get('reason')}: {event.get('message')}")


def _pod_changes(samples: Samples) -> Iterator[TimelineEntry]:
    """A line whenever a pod comes, goes, or changes its status."""
    known: dict[str, str] = {}
    for sample in samples.pods:
        if sample.error:
            continue
        now = {
            pod.name: f"{pod.status}{', ready' if pod.ready else ''}{', terminating' if pod.terminating else ''}, "
            f"{pod.restarts} restarts"
            for pod in sample.pods
        }
        if known:
            changed = [name for name in now.keys() | known.keys() if now.get(name) != known.get(name)]
            yield from (
                TimelineEntry(sample.answered, "pod", f"{name}: {now.get(name, 'gone')}") for name in sorted(changed)
            )
        known = now


def _log(pod: str, lines: Sequence[str]) -> Iterator[TimelineEntry]:
    """The loud lines only; the whole tail is attached apart."""
    for line in lines:
        found = stamped(line) if any(word in line for word in _LOUD) else None
        if found:
            yield TimelineEntry(found[0], "log", f"{pod}: {found[1][:240]}")


def _bounded(text: str) -> str:
    data = text.encode()
    if len(data) <= MAX_BYTES:
        return text
    return data[:MAX_BYTES].decode(errors="ignore") + f"\n... cut here, {len(data)} bytes in all\n"
