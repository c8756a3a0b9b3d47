"""What a scenario is and what came of it. The story's judgements are pure: they look at what was recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from pipeline_services.experiment.persistence import Kept, lost, went_back
from pipeline_services.measure.datasource import Turns
from pipeline_services.measure.recovery import LIMITS, STALL, Moment, Recovery
from pipeline_services.measure.rejoin import REJOIN_WITHIN
from pipeline_services.measure.samples import AUDIT_RATE, Samples

if TYPE_CHECKING:
    from pipeline_services.audit.audit import Reckoning
    from pipeline_services.experiment.pipeline import SteadyPipeline
    from pipeline_services.faults.model import Fault
    from pipeline_services.snapshot.snapshot import Snapshot
    from pipeline_services.triage.model import Finding

SYMPTOMS_WITHIN: Final = 90.0
"""Seconds that the checks have to see a fault which stays."""


class Heals(Enum):
    """What brings the pipeline back."""

    BY_ITSELF = "by itself: Kubernetes and the clients do it"
    BY_UNDO = "when its cause is taken away, as an operator would"


@dataclass(frozen=True, slots=True)
class Symptom:
    """A daily check that should see a fault.

    Attributes:
        id: the check's, as reports name it.
        judge: the check's judgement.
        red: it has to fail; else it is enough that it is no longer green.
        deep: it needs more than the Kubernetes API's lists, which takes seconds for each look.
        says: what it has to say when it fails, such as whom to call.
    """

    id: str
    judge: Callable[[Snapshot], Any]
    red: bool = False
    deep: bool = False
    says: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A check that was no longer green: when, by how much earlier it may have been so, and what it said."""

    id: str
    at: float
    error: float
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """What triage has to say of a fault while it lasts: the component, one of the causes, and the level to call."""

    component: str
    causes: frozenset[str]
    level: str

    def fits(self, finding: Finding) -> bool:
        """Whether a finding says so."""
        right = finding.component == self.component and finding.cause.id in self.causes
        return right and finding.cause.escalation.name == self.level

    def __str__(self) -> str:
        return f"{self.component}: {' or '.join(sorted(self.causes))} ({self.level})"


@dataclass(frozen=True, slots=True)
class Case:
    """One fault of a scenario.

    Attributes:
        id: short and stable; reports and history know the case by it.
        component: whose recovery is measured.
        fault: builds the fault for the pipeline as it is.
        symptoms: the daily checks that have to see it; each has to.
        hold: seconds that a fault which heals by undo stays at least.
        limit: seconds; None for section 3's limit of the component.
        audit: the flow is seen by the audit's readings; False: by those of the pipeline's own producers.
        rate: readings per second that the audit sends.
        stops: nothing new is stored while it lasts.
        in_place: the container is started again in its pod, at once if it was not lately.
        patience: seconds that the checks have to see it.
        diagnosis: what triage has to say of it, if it is asked.
    """

    id: str
    component: str
    fault: Callable[[SteadyPipeline], Fault]
    heals: Heals = Heals.BY_ITSELF
    symptoms: tuple[Symptom, ...] = ()
    hold: float = 0.0
    limit: float | None = None
    audit: bool = True
    rate: float = AUDIT_RATE
    stops: bool = False
    in_place: bool = False
    patience: float = SYMPTOMS_WITHIN
    diagnosis: Diagnosed | None = None

    @property
    def within(self) -> float:
        """The recovery limit in seconds."""
        return LIMITS[self.component] if self.limit is None else self.limit


@dataclass(slots=True)
class Story:
    """What was recorded of one played case. ``marks``: moments in epoch seconds by what happened."""

    case: Case
    summary: str = ""
    marks: dict[str, float] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    recovery: Recovery | None = None
    reckoning: Reckoning | None = None
    leftovers: list[str] = field(default_factory=list)
    samples: Samples = field(default_factory=Samples)
    events: list[dict[str, Any]] = field(default_factory=list)
    logs: dict[str, list[str]] = field(default_factory=dict)
    rejoined: Moment | None = None
    turns: Turns | None = None
    kept: tuple[Kept, Kept] | None = None
    snapshot: Snapshot | None = None

    def assert_seen(self) -> None:
        """Every check that should see the fault did."""
        assert not self.unseen, f"{self.summary}: these checks stayed green: {', '.join(self.unseen)}"

    def assert_recovered(self) -> None:
        """The pipeline was back within the limit, and so was the flow."""
        recovery, limit = self.recovery, self.case.within
        assert recovery is not None, f"{self.summary}: nothing was measured"
        assert recovery.recovered is not None, f"{self.summary}: not back at all; the limit is {limit:g} s"
        took = recovery.recovered.after
        assert took <= limit, (
            f"{self.summary}: {self.case.component} was back after {took:.1f} s, the limit is {limit:g} s"
        )
        gap = recovery.interrupted
        if self.case.heals is Heals.BY_ITSELF:
            assert gap <= limit, f"{self.summary}: no new reading was stored for {gap:.1f} s, the limit is {limit:g} s"
        assert recovery.drained is not None, f"{self.summary}: the backlog did not drain (peak {recovery.peak_lag})"
        if self.case.stops:
            least = max(STALL, self.case.hold / 2)
            assert gap >= least, f"{self.summary}: readings went on being stored, the longest gap was {gap:.1f} s"

    def assert_backlog_grew(self) -> None:
        """More readings waited in Kafka than ever in steady state before."""
        assert self.recovery is not None, f"{self.summary}: nothing was measured"
        start = self.marks["injected"]
        before = max((one.lag for one in self.samples.lag if one.answered < start and not one.error), default=0)
        peak = self.recovery.peak_lag
        assert peak > before, f"{self.summary}: no backlog grew: at most {peak} readings, {before} before it"

    def assert_rejoined(self) -> None:
        """The group was whole again as soon after the new process's start as section 9 says."""
        assert self.rejoined is not None, f"{self.summary}: the group was not seen whole again"
        took = self.rejoined.after
        assert took <= REJOIN_WITHIN, (
            f"{self.summary}: the group was whole {took:.1f} s after the new process's start, not {REJOIN_WITHIN:g} s"
        )

    def assert_kept(self) -> None:
        """Same name, same volume, same data, and the group went on from its last commit."""
        assert self.kept is not None, f"{self.summary}: what it keeps was not looked at"
        wrong = [*lost(*self.kept), *went_back(self.samples.lag)]
        assert not wrong, f"{self.summary}: not kept: {'; '.join(wrong[:5])}"

    def assert_datasource_turned(self) -> None:
        """Grafana's data source was red, and is green again."""
        assert self.turns is not None, f"{self.summary}: Grafana's data source was not looked at"
        assert self.turns.red is not None, f"{self.summary}: Grafana's data source stayed green"
        assert self.turns.green is not None, (
            f"{self.summary}: Grafana's data source is red since {self.turns.red}: {self.turns.said}"
        )

    def assert_diagnosed(self) -> None:
        """Of what stays, triage names first what is expected, if anything is, on the snapshot of while it lasted.

        What heals by itself may be a trace of the case before.
        """
        expected = self.case.diagnosis
        if expected is None:
            return
        from pipeline_services.triage.diagnosis import diagnose  # noqa: PLC0415 - only who asks loads all its rules

        assert self.snapshot is not None, f"{self.summary}: no snapshot was taken while it lasted"
        findings = diagnose(self.snapshot).findings
        said = [f"{one.component}: {one.cause.id} ({one.cause.escalation.name}): {one.summary}" for one in findings]
        assert findings, f"{self.summary}: triage should say {expected}, and says that nothing is wrong"
        stays = [one for one in findings if not one.self_healing]
        assert stays, f"{self.summary}: triage should say {expected}, and says only {'; '.join(said)}"
        assert expected.fits(stays[0]), f"{self.summary}: triage should say {expected}, and says {'; '.join(said)}"

    def assert_nothing_lost(self) -> None:
        """Both ledgers hold."""
        assert self.reckoning is not None, f"{self.summary}: the ledger was not read"
        assert self.reckoning.holds, f"{self.summary}:\n{self.reckoning}"

    def assert_nothing_left(self) -> None:
        """The namespace is as it was."""
        shown = "\n".join(self.leftovers[:10])
        assert not self.leftovers, f"{self.summary} left the namespace other than it was:\n{shown}"

    def figures(self) -> dict[str, float]:
        """Numbers for the report's history; what was not seen is left out."""
        found: dict[str, float] = {}
        start = self.marks.get("landed")
        if start is not None and self.seen:
            found["seen after"] = max(0.0, min(one.at for one in self.seen) - start)
        for name, begin, end in (("in effect after", "made", "landed"), ("lifted after", "healed", "gone")):
            if begin in self.marks and end in self.marks:
                found[name] = max(0.0, self.marks[end] - self.marks[begin])
        if self.recovery:
            clock = {"ready after": self.recovery.ready, "flowing after": self.recovery.flowing}
            clock |= {"recovered after": self.recovery.recovered, "drained after": self.recovery.drained}
            found |= {name: moment.after for name, moment in clock.items() if moment}
            found |= {"interrupted": self.recovery.interrupted, "peak lag": float(self.recovery.peak_lag)}
        if self.rejoined:
            found["re-joined after"] = self.rejoined.after
        if self.turns:
            both = {"data source red after": self.turns.red, "data source green after": self.turns.green}
            found |= {name: moment.after for name, moment in both.items() if moment}
        if self.reckoning:
            found |= {"lost": float(self.reckoning.lost), "duplicates": float(self.reckoning.duplicates)}
        return {name: round(value, 2) for name, value in found.items()}
