"""What came of a played scenario: a frozen value for each phase that was reached. Moments are epoch seconds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline_services.measure.samples import Samples
from pipeline_services.model.errors import NoData

if TYPE_CHECKING:
    from pipeline_services.audit.audit import AuditReport
    from pipeline_services.experiment.persistence import PersistentIdentity
    from pipeline_services.experiment.scenario import Scenario
    from pipeline_services.experiment.score import Verdict
    from pipeline_services.experiment.steps import Typed
    from pipeline_services.experiment.symptoms import Detection
    from pipeline_services.measure.datasource import Transitions
    from pipeline_services.measure.recovery import Moment, Recovery
    from pipeline_services.snapshot.snapshot import Snapshot
    from pipeline_services.triage.model import Diagnosis


@dataclass(frozen=True, slots=True)
class Gate:
    """The pipeline was found steady.

    Attributes:
        at: when.
        took_s: how long that was waited for.
        held_by: what was waited for last.
        let_pass: findings that stayed and were let pass.
    """

    at: float
    took_s: float = 0.0
    held_by: tuple[str, ...] = ()
    let_pass: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Injected:
    """The change began and was made."""

    at: float
    made_at: float


@dataclass(frozen=True, slots=True)
class Landed:
    """The fault was seen in the data path."""

    at: float


@dataclass(frozen=True, slots=True)
class Observed:
    """What checks and triage said while the fault lasted.

    Attributes:
        detections: the first failure of each symptom's check, oldest first.
        undetected: the checks that did not detect it, each with what it said last.
        snapshot: the last one that triage diagnosed.
        verdict: how the diagnosis compares with what is expected.
        typed: the commands of the diagnosis that only read, typed while the fault lasted.
    """

    detections: tuple[Detection, ...] = ()
    undetected: tuple[str, ...] = ()
    snapshot: Snapshot | None = None
    diagnosis: Diagnosis | None = None
    verdict: Verdict | None = None
    typed: tuple[Typed, ...] = ()


@dataclass(frozen=True, slots=True)
class Healed:
    """The fault was undone, and its effect was seen to be gone; ``gone_at`` is None where it was not."""

    undone_at: float
    gone_at: float | None = None


@dataclass(frozen=True, slots=True)
class Recovered:
    """The recovery clock, and what is timed beside it: the group's rejoining, the data source's failure.

    Attributes:
        shards: how many InfluxDB had to open, where it is what recovered; None where it did not say.
    """

    clock: Recovery
    rejoined: Moment | None = None
    datasource: Transitions | None = None
    shards: int | None = None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The ledger, and what a StatefulSet's pod stood on before and after."""

    report: AuditReport
    identities: tuple[PersistentIdentity, PersistentIdentity] | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """The pipeline was steady again; ``differences`` of the namespace from before."""

    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was sampled and read, up to the end of the observation at ``until``."""

    until: float
    samples: Samples = field(default_factory=Samples)
    events: Sequence[Mapping[str, Any]] = ()
    logs: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """A scenario as far as it was played; a phase that was not reached is None. ``summary``: the fault in words."""

    scenario: Scenario
    gate: Gate
    summary: str = ""
    injected: Injected | None = None
    landed: Landed | None = None
    observed: Observed = Observed()
    healed: Healed | None = None
    recovered: Recovered | None = None
    reconciled: Reconciled | None = None
    settled: Settled | None = None
    evidence: Evidence | None = None

    @property
    def zero(self) -> float:
        """Where its time line begins to count: when the fault landed."""
        return self.landed.at if self.landed else self.gate.at

    @property
    def took_s(self) -> float:
        """From the start of the gate until the fault was gone."""
        gone = self.healed.gone_at if self.healed else None
        return 0.0 if gone is None else gone - self.gate.at + self.gate.took_s

    @property
    def verdict(self) -> Verdict:
        """How the diagnosis compares with what is expected. Raises NoData where it was never diagnosed."""
        if self.observed.verdict is None:
            raise NoData(f"{self.scenario.id} was never diagnosed")
        return self.observed.verdict

    def to_dict(self) -> dict[str, Any]:
        """What was said of it, for machines."""
        diagnosis, verdict = self.observed.diagnosis, self.observed.verdict
        return {
            "row": self.scenario.id,
            "fault": self.summary,
            "verdict": verdict.to_dict() if verdict else None,
            "diagnosis": diagnosis.to_dict() if diagnosis else None,
            "red": dict(diagnosis.red) if diagnosis else {},
            "typed": list(map(str, self.observed.typed)),
            "gate_seconds": round(self.gate.took_s, 1),
            "seconds": round(self.took_s, 1),
            "before": list(self.gate.let_pass),
            "gate_held_by": list(self.gate.held_by),
        }

    def figures(self) -> dict[str, float]:
        """Numbers for the report's history; what was not seen, such as the end of a stall, is left out."""
        found: dict[str, float] = {}
        if self.landed and self.observed.detections:
            found["seen after"] = max(0.0, min(one.at for one in self.observed.detections) - self.landed.at)
        if self.injected and self.landed:
            found["in effect after"] = max(0.0, self.landed.at - self.injected.made_at)
        if self.healed and self.healed.gone_at is not None:
            found["lifted after"] = max(0.0, self.healed.gone_at - self.healed.undone_at)
        if self.recovered:
            found |= _clock_figures(self.recovered)
        if self.reconciled:
            report = self.reconciled.report
            found |= {"lost": float(report.lost), "duplicates": float(report.duplicates)}
        return {name: round(value, 2) for name, value in found.items() if math.isfinite(value)}


def _clock_figures(recovered: Recovered) -> dict[str, float]:
    clock, datasource = recovered.clock, recovered.datasource
    moments = {"ready after": clock.ready, "flowing after": clock.flowing}
    moments |= {"recovered after": clock.recovered, "drained after": clock.drained}
    found = {name: moment.after for name, moment in moments.items() if moment}
    found |= {"interrupted": clock.interrupted, "peak lag": float(clock.peak_lag)}
    found |= {"shards": float(recovered.shards)} if recovered.shards is not None else {}
    beside = {"re-joined after": recovered.rejoined}
    if datasource:
        beside |= {"data source red after": datasource.failed, "data source green after": datasource.recovered}
    return found | {name: moment.after for name, moment in beside.items() if moment}


def as_line(result: Result) -> str:
    plan = result.scenario.recovery
    if plan is None or result.recovered is None:
        return f"{result.scenario.id}: not measured"
    figures = ", ".join(f"{name} {value:g}" for name, value in result.figures().items())
    return f"{result.scenario.id}: limit {plan.within_s:g} s; {figures}"
