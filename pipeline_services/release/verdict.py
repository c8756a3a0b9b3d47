"""The verdict on a candidate: go, no-go, or not enough data, with the reasons, the first of them first. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from pipeline_services.model.text import plural, utc
from pipeline_services.release.decision import Decision, Judged, Noise, percent
from pipeline_services.release.trial import Fact

ROLLED_OUT: Final = (
    ("rollout-ready", "the roll-out under load completes"),
    ("rollout-restarts", "no container of the candidate was started again under load"),
    ("rollout-ledger", "nothing is lost, unexpected or corrupt from before the roll-out until after the roll back"),
    ("rollout-gap", "readings go on being stored during the roll-out and the roll back"),
    ("scenarios", "the candidate recovers from the failures of the resilience test"),
    ("rollback", "the baseline is back, and reads what the candidate stored"),
)
"""The facts of the roll-out, by id: what has to be so."""


class Verdict(StrEnum):
    """What may be done with the candidate."""

    GO = "go"
    NO_GO = "no-go"
    NOT_ENOUGH_DATA = "not-enough-data"

    @property
    def exit_code(self) -> int:
        """What pytest ends with."""
        return {Verdict.GO: 0, Verdict.NO_GO: 1, Verdict.NOT_ENOUGH_DATA: 2}[self]


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


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The verdict with its reasons; never without one."""

    verdict: Verdict
    reasons: tuple[str, ...]
    evidence: Evidence

    def __str__(self) -> str:
        return "\n".join(
            [f"{self.verdict.value.upper()}: {self.reasons[0]}", *(f"  {one}" for one in self.reasons[1:])]
        )

    def document(self) -> dict[str, Any]:
        """For programs: ``release.json``. Costs in the metric's unit, differences in per cent, times in seconds."""
        found = self.evidence
        return {
            "verdict": self.verdict.value,
            "reasons": list(self.reasons),
            "metrics": [_metric(judged) for judged in found.metrics],
            "facts": [{"id": one.id, "what": one.what, "holds": one.holds, "seen": one.seen} for one in found.facts],
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
    bad = [f"{one.what}: no: {one.seen}" for one in evidence.facts if one.holds is False]
    bad += [f"{one.metric.title}: {one.why}" for one in evidence.metrics if one.decision is Decision.REGRESSION]
    if bad:
        return Conclusion(Verdict.NO_GO, tuple(bad), evidence)
    unknown = [evidence.ended] if evidence.ended else []
    unknown += [f"{one.what}: not known: {one.seen}" for one in evidence.facts if one.holds is None]
    unknown += [f"{one.metric.title}: {one.why}" for one in evidence.noise if not one.metric.loose]
    unknown += [f"{one.metric.title}: {one.why}" for one in evidence.metrics if not one.decision.lets_go]
    missing = sorted({*facts_needed} - {one.id for one in evidence.facts})
    missing += sorted({*metrics_needed} - {one.metric.id for one in evidence.metrics})
    unknown += [f"never looked at: {', '.join(missing)}"] if missing else []
    if unknown:
        return Conclusion(Verdict.NOT_ENOUGH_DATA, tuple(dict.fromkeys(unknown)), evidence)
    if not evidence.facts or not evidence.metrics:
        return Conclusion(Verdict.NOT_ENOUGH_DATA, ("nothing was looked at",), evidence)
    return Conclusion(Verdict.GO, _good(evidence), evidence)


def _good(evidence: Evidence) -> tuple[str, ...]:
    first = f"{plural(len(evidence.facts), 'fact')} hold, {plural(len(evidence.metrics), 'metric')} are not worse"
    return (first, *(f"{one.metric.title}: {one.why}" for one in evidence.metrics))


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


def _number(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
