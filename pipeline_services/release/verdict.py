"""The verdict on a candidate: go, no-go, or not enough data, with the reasons, the first of them first. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from pipeline_services.model.text import plural, utc
from pipeline_services.release.decision import Decision, Judged, Noise, percent
from pipeline_services.release.facts import NOT_MEASURED, STATEMENTS, Fact

NAMED: Final = 6
"""So many of what was not measured are named; of more the number is told."""


class Verdict(StrEnum):
    """What may be done with the candidate."""

    GO = "go"
    NO_GO = "no-go"
    NOT_ENOUGH_DATA = "not-enough-data"

    @property
    def exit_code(self) -> int:
        """What pytest ends with."""
        return {Verdict.GO: 0, Verdict.NO_GO: 1, Verdict.NOT_ENOUGH_DATA: 2}[self]

    @property
    def words(self) -> str:
        """For people: ``NO-GO``."""
        return {Verdict.GO: "GO", Verdict.NO_GO: "NO-GO", Verdict.NOT_ENOUGH_DATA: "NOT ENOUGH DATA"}[self]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was found out, however far the validation came.

    Attributes:
        facts: those that were judged.
        metrics: those that were decided; empty where no round was played.
        noise: the metrics by which the machine cannot tell versions apart, by the baseline against itself.
        ended: why the validation ended early; empty where it did not.
        notes: what else happened: rounds that were played again, and the like.
        stages: seconds that each stage took.
        rolled: the time line of the roll-out: seconds, and what happened then.
        control: the baseline against itself, by metric.
    """

    candidate: str
    baseline: str
    started: float
    facts: Sequence[Fact] = ()
    metrics: Sequence[Judged] = ()
    noise: Sequence[Noise] = ()
    ended: str = ""
    notes: Sequence[str] = ()
    stages: Mapping[str, float] = field(default_factory=dict)
    rolled: Sequence[tuple[float, str]] = ()
    control: Sequence[Judged] = ()

    @property
    def name(self) -> str:
        """The candidate without its path or its registry: ``never-ready``."""
        return self.candidate.rstrip("/").rpartition("/")[2] or self.candidate

    def of(self, name: str) -> Fact | Judged | None:
        """The fact or the metric of that id; None where the run did not come to it."""
        facts = (one for one in self.facts if one.id == name and one.measured)
        metrics = (one for one in self.metrics if one.metric.id == name and one.pairs)
        return next(facts, None) or next(metrics, None)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the verdict is what it is; ``short`` is the same without the figures."""

    text: str
    short: str

    @classmethod
    def of_text(cls, text: str) -> Reason:
        """One without figures."""
        return cls(text, text)

    @classmethod
    def of_fact(cls, fact: Fact) -> Reason:
        """What a fact says for or against a go."""
        return cls(str(fact), fact.short)

    @classmethod
    def of_metric(cls, judged: Judged) -> Reason:
        """What the rounds say of a metric."""
        return cls(str(judged), f"{judged.metric.title}: {judged.short}")


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The verdict with its reasons; never without one. ``missing``: the ids of what the run did not come to."""

    verdict: Verdict
    because: tuple[Reason, ...]
    evidence: Evidence
    missing: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(one.text for one in self.because)

    @property
    def first_line(self) -> str:
        """The verdict and its first reason."""
        return f"{self.verdict.words}: {self.reasons[0]}"

    @property
    def headline(self) -> str:
        """The verdict on whom, and why in a few words: ``NO-GO: never-ready: the pod is not ready within 60 s``."""
        return self.title if self.verdict is Verdict.GO else f"{self.title}: {self.because[0].short}"

    @property
    def title(self) -> str:
        """The verdict on whom: ``NO-GO: never-ready``."""
        return f"{self.verdict.words}: {self.evidence.name}"

    @property
    def not_measured(self) -> str:
        """What is said of each that the run did not come to, with the reason that ended it."""
        return f"{NOT_MEASURED}; first reason: {self.because[0].short}"

    @property
    def not_reached(self) -> str:
        """What the run did not come to, in one line; empty where it came to everything."""
        return _not_reached(self.missing) if self.missing else ""

    def lines(self) -> list[str]:
        """The verdict for a terminal: the first reason first."""
        others = dict.fromkeys([*self.reasons, self.not_reached])
        return [self.first_line, *(f"  {one}" for one in list(others)[1:] if one)]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def document(self) -> dict[str, Any]:
        """For programs: ``release.json``. Costs in the metric's unit, differences in per cent, times in seconds."""
        found = self.evidence
        return {
            "verdict": self.verdict.value,
            "reasons": list(self.reasons),
            "metrics": [_metric(judged) for judged in found.metrics],
            "facts": [{"id": one.id, "what": one.words.what, **_seen(one)} for one in found.facts],
            "control": [_metric(judged) for judged in found.control],
            "noise": [f"{one.metric.title}: {one.why}" for one in found.noise],
            "notes": list(found.notes),
            "rollout": [{"at": round(at, 3), "what": what} for at, what in found.rolled],
            "candidate": found.candidate,
            "baseline": found.baseline,
            "started": utc(found.started),
            "stages": {name: round(seconds, 1) for name, seconds in found.stages.items()},
        }


def conclude(evidence: Evidence, facts_needed: Sequence[str], metrics_needed: Sequence[str]) -> Conclusion:
    """Weigh the evidence. One bad fact or one regression is a no-go; a go needs every fact and every metric.

    Args:
        facts_needed: ids of the facts that a go stands on.
        metrics_needed: ids of the metrics that a go stands on.
    """
    missing = tuple(name for name in (*facts_needed, *metrics_needed) if evidence.of(name) is None)
    bad = [Reason.of_fact(one) for one in evidence.facts if one.holds is False]
    bad += [Reason.of_metric(one) for one in evidence.metrics if one.decision is Decision.REGRESSION]
    if bad:
        return Conclusion(Verdict.NO_GO, tuple(bad), evidence, missing)
    unknown = list(_not_known(evidence))
    unknown += [Reason.of_text(_not_reached(missing))] if missing else []
    if unknown:
        return Conclusion(Verdict.NOT_ENOUGH_DATA, tuple(unknown), evidence, missing)
    if not evidence.facts or not evidence.metrics:
        return Conclusion(Verdict.NOT_ENOUGH_DATA, (Reason.of_text("nothing was looked at"),), evidence)
    return Conclusion(Verdict.GO, _good(evidence), evidence)


def _not_known(evidence: Evidence) -> Iterator[Reason]:
    if evidence.ended:
        yield Reason.of_text(evidence.ended)
    yield from (Reason.of_fact(one) for one in evidence.facts if one.holds is None and one.measured)
    noise = {one.metric.id: one for one in evidence.noise if not one.metric.loose}
    for one in noise.values():
        yield Reason(f"{one.metric.title}: {one.why}", f"{one.metric.title}: the machine is too noisy to tell")
    open_yet = (one for one in evidence.metrics if not one.decision.lets_go and one.pairs)
    yield from (Reason.of_metric(one) for one in open_yet if one.metric.id not in noise)


def _not_reached(missing: Sequence[str]) -> str:
    """In one short line; why is told by the first reason."""
    facts = sum(name in STATEMENTS for name in missing)
    counted = f"{plural(facts, 'fact')}, {plural(len(missing) - facts, 'metric')}"
    return f"{NOT_MEASURED}: {', '.join(missing) if len(missing) <= NAMED else counted}"


def _good(evidence: Evidence) -> tuple[Reason, ...]:
    first = f"{plural(len(evidence.facts), 'fact')} hold, {plural(len(evidence.metrics), 'metric')} are not worse"
    return (Reason.of_text(first), *map(Reason.of_metric, evidence.metrics))


def _metric(judged: Judged) -> dict[str, Any]:
    metric, found = judged.metric, judged.interval
    ends = (found.estimate, found.low, found.high) if found else (math.nan,) * 3
    shown = [round(percent(end), 3) if math.isfinite(end) else None for end in ends]
    return {
        "id": metric.id,
        "unit": metric.unit,
        "decision": judged.decision.value,
        "why": judged.why,
        **dict(zip(("estimate_percent", "low_percent", "high_percent"), shown, strict=True)),
        "margin_percent": 100 * metric.margin,
        "pairs": [[_number(a), _number(b)] for a, b in judged.pairs],
    }


def _seen(fact: Fact) -> dict[str, Any]:
    return {"holds": fact.holds, "measured": fact.measured, "seen": fact.seen}


def _number(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
