"""What was seen of one version that ran alone, and how the facts about a candidate are judged by it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from pipeline_services.audit.ledger import LedgerVerdict
from pipeline_services.audit.records import Records
from pipeline_services.model.present import present
from pipeline_services.model.text import one_line, plural
from pipeline_services.release.facts import READY_WITHIN_S, STOPPED_WITHIN_S, Fact

RATE_TOLERANCE: Final = 0.1
"""A share: some tenths of a second of the half minute pass between a look at the clock and one at the topic."""
_ERRORS: Final = frozenset({"ERROR", "CRITICAL"})
_NUMBERS: Final = re.compile(r"0x[0-9a-f]+|\d+(?:[.:]\d+)*")
_TIME: Final = re.compile(r"^\d{4}-\d\d-\d\dT\S+\s+")


@dataclass(frozen=True, slots=True)
class Trial:
    """One version with a topic, a group and a bucket of its own. None is what could not be seen.

    Attributes:
        ready_s: seconds until the pod was ready.
        restarts: how often its container was started again; ``ended`` says how it last ended.
        stopped_s: seconds from SIGTERM until the pod was gone.
        ledger: the readings that it was given against those that it stored.
        stored: these, point by point.
        types: by field of a stored point its type in InfluxDB.
        log: its lines.
        series: by name the sum of its metrics, once all was stored.
        rate: readings per second that its producer put into the topic.
        failed: why it did not do its work; empty where it did.
    """

    ready_s: float | None = None
    restarts: int | None = None
    ended: str = ""
    stopped_s: float | None = None
    ledger: LedgerVerdict | None = None
    stored: Records | None = None
    types: Mapping[str, str] | None = None
    log: Sequence[str] | None = None
    series: Mapping[str, float] | None = None
    rate: float | None = None
    failed: str = ""


class Seen(NamedTuple):
    """Whether a fact holds (None: it is not known), and what was seen; ``by_failure`` where that is why the version did
    not do its work."""

    holds: bool | None
    text: str
    by_failure: bool = False

    @classmethod
    def nothing(cls, trial: Trial, otherwise: str) -> Seen:
        """What is not known, because the version did not do its work, or else why."""
        return cls(None, trial.failed or otherwise, by_failure=bool(trial.failed))


@dataclass(frozen=True, slots=True)
class Rule:
    """How a fact is judged: ``own`` looks at one version, ``beside`` at the candidate beside the baseline."""

    id: str
    own: Callable[[Trial], Seen] | None = None
    beside: Callable[[Trial, Trial], Seen] | None = None


def facts(table: Iterable[Rule], baseline: Trial, candidate: Trial) -> list[Fact]:
    """Every fact about the candidate. What the baseline does too is not held against the candidate, nor for it."""
    return list(_told_once([(rule.id, _seen(rule, baseline, candidate)) for rule in table]))


def _told_once(found: Sequence[tuple[str, Seen]]) -> Iterator[Fact]:
    """Why the candidate did not do its work is told by the first fact that saw it; the others were not measured."""
    told = any(seen.by_failure and seen.holds is False for _, seen in found)
    for name, seen in found:
        because = seen.by_failure and seen.holds is None
        yield Fact.not_measured(name) if because and told else Fact(name, seen.holds, seen.text)
        told = told or because


def rules(error_counters: Sequence[str]) -> tuple[Rule, ...]:
    """The table of facts about the processor, in the order in which they are told."""
    return (
        Rule("ready", _ready),
        Rule("restarts", _restarts),
        Rule("lost", _counted("lost")),
        Rule("unexpected", _counted("unexpected")),
        Rule("corrupt", _counted("corrupt")),
        Rule("stored-points", beside=_same_points),
        Rule("field-types", beside=_same_types),
        Rule("series", beside=_same_series),
        Rule("error-counters", lambda trial: _errors_counted(trial, error_counters)),
        Rule("log-errors", beside=_new_errors),
        Rule("stops", _stops),
    )


def producer_rules() -> tuple[Rule, ...]:
    """The table of facts about the producer."""
    return (
        Rule("producer-ready", _ready),
        Rule("producer-restarts", _restarts),
        Rule("producer-numbers", _counted("lost")),
        Rule("producer-rate", beside=_same_rate),
        Rule("producer-series", beside=_same_series),
        Rule("producer-log-errors", beside=_new_errors),
        Rule("producer-stops", _stops),
    )


def _seen(rule: Rule, baseline: Trial, candidate: Trial) -> Seen:
    if rule.own is None:
        return present(rule.beside, "comparison")(baseline, candidate)
    seen, before = rule.own(candidate), rule.own(baseline)
    if before.holds is not True:
        return Seen(None, f"the baseline cannot be held against it: {before.text}; it: {seen.text}")
    return seen


def _ready(trial: Trial) -> Seen:
    if trial.ready_s is None:
        return Seen(False, trial.failed, by_failure=True) if trial.failed else Seen(None, "it was not looked at")
    return Seen(trial.ready_s <= READY_WITHIN_S, f"ready after {trial.ready_s:.1f} s")


def _restarts(trial: Trial) -> Seen:
    if trial.restarts is None:
        return Seen(None, "it was not looked at")
    if not trial.restarts:
        return Seen(True, plural(0, "restart"))
    how = trial.failed or trial.ended
    return Seen(False, plural(trial.restarts, "restart") + (f": {how}" if how else ""), by_failure=bool(trial.failed))


def _stops(trial: Trial) -> Seen:
    if trial.stopped_s is None:
        return Seen(None, "it was not stopped")
    return Seen(trial.stopped_s <= STOPPED_WITHIN_S, f"gone after {trial.stopped_s:.1f} s")


def _counted(which: str) -> Callable[[Trial], Seen]:
    def seen(trial: Trial) -> Seen:
        if trial.ledger is None:
            return Seen.nothing(trial, "the store was not read")
        found = getattr(trial.ledger, which)
        named = f", for one {found[0]}" if found else ""
        return Seen(not found, f"{len(found)} of {trial.ledger.acknowledged} readings{named}")

    return seen


def _same_points(baseline: Trial, candidate: Trial) -> Seen:
    if baseline.stored is None or candidate.stored is None or not len(baseline.stored):
        return Seen.nothing(candidate, "the stored points of both were not read")
    old, new = _points(baseline.stored), _points(candidate.stored)
    missing, more = len(old - new), len(new - old)
    told = f"{plural(len(old), 'point')}; {missing} are missing, {more} are there instead or in addition"
    return Seen(not (missing or more), told)


def _points(records: Records) -> set[tuple[str, int, int]]:
    """Device, sequence and checksum: the checksum covers the value and the time."""
    return {
        (series[1], *point)
        for series in records
        for point in zip(records.sequences(series), records.checksums(series), strict=True)
    }


def _same_rate(baseline: Trial, candidate: Trial) -> Seen:
    if not baseline.rate or candidate.rate is None:
        return Seen.nothing(candidate, "the rates of both were not measured")
    seen = f"{candidate.rate:.1f} a second, the baseline's {baseline.rate:.1f}"
    return Seen(abs(candidate.rate / baseline.rate - 1) <= RATE_TOLERANCE, seen)


def _same_types(baseline: Trial, candidate: Trial) -> Seen:
    if not baseline.types or not candidate.types:
        return Seen.nothing(candidate, "the types of the stored fields are not known")
    names = sorted({*baseline.types, *candidate.types})
    changed = [
        f"{name} is {candidate.types.get(name, 'missing')}, the baseline's {baseline.types.get(name, 'missing')}"
        for name in names
        if baseline.types.get(name) != candidate.types.get(name)
    ]
    return Seen(not changed, "; ".join(changed) or f"the same {plural(len(names), 'field')}")


def _same_series(baseline: Trial, candidate: Trial) -> Seen:
    if not baseline.series or candidate.series is None:
        return Seen.nothing(candidate, "the metrics of both were not read")
    gone = sorted(set(baseline.series) - set(candidate.series))
    if gone:  # whoever graphs or alerts on it sees nothing any more, and so does this validation
        return Seen(None, f"gone: {', '.join(gone)}")
    return Seen(True, f"all {len(baseline.series)}")


def _errors_counted(trial: Trial, names: Sequence[str]) -> Seen:
    if trial.series is None:
        return Seen.nothing(trial, "the metrics were not read")
    absent = [name for name in names if name not in trial.series]
    if absent:
        return Seen(None, f"no series {', '.join(absent)}, which is not zero")
    counted = {name: trial.series[name] for name in names if trial.series[name] != 0}
    told = ", ".join(f"{name} is {value:g}" for name, value in counted.items())
    return Seen(not counted, told or "all are 0")


def _new_errors(baseline: Trial, candidate: Trial) -> Seen:
    if baseline.log is None or not candidate.log:
        return Seen(None, "the logs of both were not read")
    known = {pattern for pattern, _ in errors(baseline.log)}
    fresh = {pattern: text for pattern, text in errors(candidate.log) if pattern not in known}
    some = "; ".join(one_line(text, 120) for text in list(fresh.values())[:3])
    return Seen(not fresh, f"{len(fresh)} new: {some}" if fresh else f"none in {plural(len(candidate.log), 'line')}")


def errors(lines: Iterable[str]) -> list[tuple[str, str]]:
    """The lines that tell of an error: as a pattern without numbers, and as they are. What is no JSON is a stack."""
    found = []
    for line in lines:
        text = _TIME.sub("", line).strip()
        if text and (told := _error_in(text)):
            found.append((_NUMBERS.sub("#", told), told))
    return found


def _error_in(text: str) -> str:
    try:
        entry = json.loads(text)
    except ValueError:
        return text
    if not isinstance(entry, dict):
        return text
    is_error = str(entry.get("level", "")).upper() in _ERRORS or "exception" in entry
    return f"{entry.get('logger', '')}: {entry.get('message', '')}" if is_error else ""
