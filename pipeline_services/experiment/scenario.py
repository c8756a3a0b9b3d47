"""A scenario: one fault, what checks and triage have to say of it, and how the pipeline recovers from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from pipeline_services.measure.samples import AUDIT_RATE_PER_S
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.triage.subjects import CAUSES

if TYPE_CHECKING:
    from pipeline_services.checklist.model import CaseId, Check
    from pipeline_services.experiment.pipeline import SteadyPipeline
    from pipeline_services.experiment.result import Result
    from pipeline_services.experiment.symptoms import Symptom
    from pipeline_services.faults.model import Fault
    from pipeline_services.model.pipeline import Pipeline
    from pipeline_services.triage.model import Finding

FaultBuilder = Callable[["SteadyPipeline"], "Fault"]
Expectation = Callable[["Result"], None]
"""Judges one property of a result; raises AssertionError."""
Meanwhile = Callable[["SteadyPipeline"], AbstractContextManager[object]]
SYMPTOMS_TIMEOUT_S: Final = 90.0
DIAGNOSIS_TIMEOUT_S: Final = 60.0
FOREIGN_DIAGNOSIS_TIMEOUT_S: Final = 180.0
"""The same where the apps are not the suite's own: nobody asks them, and only what is stored no more shows that."""


class Heals(Enum):
    """What ends a fault."""

    BY_ITSELF = "by itself: Kubernetes and the clients do it"
    BY_UNDO = "when its cause is taken away, as an operator would"


@dataclass(frozen=True, slots=True)
class ExpectedFinding:
    """One finding: the component at fault, the causes that are right names for it, and their escalation level."""

    component: str
    causes: frozenset[str]
    level: str

    def fits(self, finding: Finding) -> bool:
        """Whether a finding says so."""
        right = finding.component == self.component and finding.cause.id in self.causes
        return right and finding.cause.escalation.name == self.level

    def __str__(self) -> str:
        return f"{self.component}: {' or '.join(sorted(self.causes))} ({self.level})"


def finding(component: str, *causes: str) -> ExpectedFinding:
    """An expected finding; its level is that of its causes.

    Raises:
        ValueError: no such cause, or causes of several levels.
    """
    unknown = [cause for cause in causes if cause not in CAUSES]
    if unknown or not causes:
        raise ValueError(f"{component}: no such causes: {', '.join(unknown) or 'none is named'}")
    levels = {CAUSES[cause].escalation.name for cause in causes}
    if len(levels) > 1:
        raise ValueError(f"{component}: {', '.join(causes)} have the levels {', '.join(sorted(levels))}")
    return ExpectedFinding(component, frozenset(causes), levels.pop())


@dataclass(frozen=True, slots=True)
class RecoveryPlan:
    """How a scenario is played in full: with symptoms, recovery clock and ledger.

    Attributes:
        component: whose recovery is measured.
        reported_as: the component that the test case stands under.
        section: the runbook's anchor.
        symptoms: the daily checks that have to detect it; each has to.
        hold_s: a fault that heals by undo lasts at least that long.
        limit_s: the recovery limit; None for section 3's limit of the component, which ``filled`` puts in.
        audited: the audit's readings show the flow; False: those of the pipeline's own producers.
        rate: readings per second that the audit sends.
        stops_flow: no new reading is stored while it lasts.
        restarts_in_place: the container is started again in its pod, at once unless it was restarted lately.
        symptoms_timeout_s: beyond ``hold_s``, for the checks to detect it.
        expectations: what its result has to hold beside what every result has to.
    """

    component: str
    section: str
    heals: Heals = Heals.BY_ITSELF
    reported_as: str = ""
    symptoms: tuple[Symptom, ...] = ()
    hold_s: float = 0.0
    limit_s: float | None = None
    audited: bool = True
    rate: float = AUDIT_RATE_PER_S
    stops_flow: bool = False
    restarts_in_place: bool = False
    symptoms_timeout_s: float = SYMPTOMS_TIMEOUT_S
    slow: bool = False
    expectations: tuple[Expectation, ...] = ()

    @property
    def within_s(self) -> float:
        """The recovery limit in seconds.

        Raises:
            PreconditionNotMet: it is the component's own, and no pipeline has filled it in.
        """
        if self.limit_s is None:
            raise PreconditionNotMet(f"the recovery limit of {self.component} is known on a pipeline only")
        return self.limit_s

    def filled(self, pipeline: Pipeline) -> RecoveryPlan:
        """The plan on a pipeline: with its names and with its limits.

        Raises:
            PreconditionNotMet: the profile has no such name or limit.
        """
        limit = pipeline[self.component].recovery_limit_s if self.limit_s is None else self.limit_s
        if not limit:
            raise PreconditionNotMet(f"the profile of {pipeline.name} gives {self.component} no recovery limit")
        return replace(self, symptoms=tuple(one.filled(pipeline) for one in self.symptoms), limit_s=limit)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One fault, or several at once. With a recovery plan it is played in full, else until it is diagnosed.

    Attributes:
        id: short and stable; reports, history and recordings know the scenario by it.
        fault: builds the fault for the pipeline as it is.
        findings: what triage has to find: in full the first of what stays, else each.
        must_fail: the daily checks that have to fail; the telling ones only.
        may_blame: components so directly affected that a finding about them is no false alarm.
        further_causes: causes that may also be given to the expected components.
        deadline_s: from the injection until checks and triage have to be right.
        min_duration_s: from the injection until they have to be right again, when what is affected fails too.
        before_landed: it is looked at before it has landed, since it heals within seconds.
        arranged: a change made before the fault and undone after it, which is no fault itself.
        meanwhile: runs while the fault is in force, in this process.
        told_first: the first of the findings has to stand before all others: what else is seen is noise beside it.
        sample: one of the few that every change is tried on.
        met: where others met it: public issues (``owner/name#1``) and the rows of other suites of faults.
        recovery: how it is played in full.
    """

    id: str
    fault: FaultBuilder
    findings: tuple[ExpectedFinding, ...] = ()
    must_fail: tuple[Check | CaseId, ...] = ()
    may_blame: frozenset[str] = frozenset()
    further_causes: frozenset[str] = frozenset()
    deadline_s: float = DIAGNOSIS_TIMEOUT_S
    min_duration_s: float = 0.0
    before_landed: bool = False
    arranged: FaultBuilder | None = None
    meanwhile: Meanwhile | None = None
    told_first: bool = False
    sample: bool = False
    met: tuple[str, ...] = ()
    recovery: RecoveryPlan | None = None

    @property
    def components(self) -> frozenset[str]:
        """Those that triage has to name."""
        return frozenset(expected.component for expected in self.findings)

    def must_not_blame(self, component: str) -> bool:
        """Whether a finding about the component is a false alarm."""
        return component not in self.components | self.may_blame

    def filled(self, pipeline: Pipeline) -> Scenario:
        """The scenario on a pipeline: its names in place of placeholders, and its recovery limits.

        Raises:
            PreconditionNotMet: the profile has no such name or limit.
        """
        must_fail = tuple(check.filled(pipeline) for check in self.must_fail)
        recovery = self.recovery and self.recovery.filled(pipeline)
        deadline = max(self.deadline_s, FOREIGN_DIAGNOSIS_TIMEOUT_S) if pipeline.message else self.deadline_s
        return replace(self, must_fail=must_fail, recovery=recovery, deadline_s=deadline)

    @property
    def plan(self) -> RecoveryPlan:
        """How it is played in full. Raises PreconditionNotMet where it is played until it is diagnosed only."""
        if self.recovery is None:
            raise PreconditionNotMet(f"{self.id} has no recovery plan")
        return self.recovery


def by_id(*scenarios: Scenario) -> Mapping[str, Scenario]:
    """The scenarios by their ids, in their order. Raises ValueError where two have the same."""
    found = {scenario.id: scenario for scenario in scenarios}
    if len(found) != len(scenarios):
        raise ValueError("two scenarios have the same id")
    return found
