"""Hand-made results of scenarios."""

from __future__ import annotations

from typing import Any

from pipeline_services.audit.audit import AuditReport
from pipeline_services.audit.ledger import LedgerVerdict
from pipeline_services.experiment.result import (
    Evidence,
    Gate,
    Healed,
    Injected,
    Landed,
    Observed,
    Reconciled,
    Recovered,
    Result,
    Settled,
)
from pipeline_services.experiment.scenario import Heals, RecoveryPlan, Scenario
from pipeline_services.experiment.symptoms import Detection
from pipeline_services.faults import Fault
from pipeline_services.measure.recovery import Moment, Recovery
from tests.audit.histories import START, history, outage, pod

GOOD = Recovery(START, Moment(2.0, 0.3), Moment(3.0, 0.2), Moment(3.0, 0.3), Moment(4.0, 0.5), 3.2, 400)


def scenario(**plan: Any) -> Scenario:
    """The processor's pod is deleted."""
    recovery = RecoveryPlan("processor", "processor-pod-failure", **{"limit_s": 30.0, **plan})
    return Scenario("processor-pod-deleted", lambda _pipeline: Fault("nothing", []), recovery=recovery)


def result(clock: Recovery | None = GOOD, *, heals: Heals = Heals.BY_ITSELF, **plan: Any) -> Result:
    """All went well, or as ``clock`` says."""
    samples = history(
        lambda at: (pod("old"),) if at < 0 else (pod("new", ready=at > 2),),
        outage(0.0, 3.0),
        lambda at: 400 if 0 < at < 4 else 9,
    )
    detection = Detection("test_pods_ready[processor]", START + 0.4, 0.4, "inconclusive", "still starting")
    return Result(
        scenario(heals=heals, **plan),
        Gate(START - 5),
        summary="pod processor-old deleted",
        injected=Injected(START - 1, START - 0.75),
        landed=Landed(START),
        observed=Observed((detection,)),
        healed=Healed(START + 12, START + 13.5),
        recovered=Recovered(clock) if clock else None,
        reconciled=Reconciled(AuditReport(LedgerVerdict(), LedgerVerdict(duplicates=2))),
        settled=Settled(),
        evidence=Evidence(START + 20, samples),
    )
