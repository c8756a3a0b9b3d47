"""What a result has to hold: each way to be wrong is reported, with what was expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pipeline_services.audit.audit import AuditReport
from pipeline_services.audit.ledger import Discrepancy, LedgerVerdict, Where
from pipeline_services.experiment import expectations
from pipeline_services.experiment.expectations import (
    expect_all,
    expect_backlog_grew,
    expect_datasource_failed_and_recovered,
    expect_detected,
    expect_diagnosed,
    expect_identity_kept,
    expect_many_shards,
    expect_nothing_left,
    expect_nothing_lost,
    expect_recovered,
    expect_rejoined,
)
from pipeline_services.experiment.persistence import PersistentIdentity
from pipeline_services.experiment.result import Gate, Observed, Reconciled, Recovered, Result, Settled
from pipeline_services.experiment.scenario import ExpectedFinding, Heals
from pipeline_services.measure.datasource import Transitions
from pipeline_services.measure.recovery import Moment, Recovery
from pipeline_services.measure.samples import LagSample
from pipeline_services.triage.model import Diagnosis, Finding
from pipeline_services.triage.subjects import CAUSES
from tests.experiment.results import GOOD, START, result, scenario

EXPECTATIONS = [getattr(expectations, name) for name in vars(expectations) if name.startswith("expect_")]


def clock(**changes: Any) -> Recovery:
    return replace(GOOD, **changes)


def timed(**beside: Any) -> Result:
    return replace(result(), recovered=Recovered(GOOD, **beside))


def test_a_good_result_holds_everything() -> None:
    expect_all(result())


def test_what_the_scenario_expects_beside_is_judged_too() -> None:
    with pytest.raises(AssertionError, match="was not seen whole again"):
        expect_all(result(expectations=(expect_rejoined,)))


@pytest.mark.parametrize(
    "expect", [one for one in EXPECTATIONS if one is not expect_detected], ids=lambda one: one.__name__
)
def test_a_result_that_ended_early_holds_nothing(expect: Callable[[Result], None]) -> None:
    early = Result(replace(scenario(), findings=(ExpectedFinding("processor", frozenset(), "L1"),)), Gate(START))
    with pytest.raises(AssertionError):
        expect(early)


@pytest.mark.parametrize(
    ("found", "plan", "told"),
    [
        (clock(recovered=Moment(31.5, 0.3)), {}, r"processor was back after 31\.5 s, the limit is 30 s"),
        (clock(recovered=None), {}, "not back at all; the limit is 30 s"),
        (None, {}, "nothing was measured"),
        (clock(interrupted=42.0), {}, r"no new reading was stored for 42\.0 s, the limit is 30 s"),
        (clock(drained=None, peak_lag=9_999), {}, r"did not drain \(peak 9999\)"),
        (
            clock(interrupted=1.9),
            {"heals": Heals.BY_UNDO, "stops_flow": True, "hold_s": 10.0},
            r"went on being stored, the longest gap was 1\.9 s",
        ),
        (
            clock(interrupted=4.9),
            {"heals": Heals.BY_UNDO, "stops_flow": True, "hold_s": 10.0},
            r"went on being stored, the longest gap was 4\.9 s",
        ),
    ],
    ids=["late", "never", "not measured", "interrupted", "backlog", "flow did not stop", "flow stopped too late"],
)
def test_a_bad_recovery_is_reported(found: Recovery | None, plan: dict[str, Any], told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        expect_recovered(result(found, **plan))


def test_an_interruption_counts_only_where_the_fault_heals_by_itself() -> None:
    expect_recovered(result(clock(interrupted=42.0), heals=Heals.BY_UNDO))


def test_a_short_fault_needs_a_short_gap_only() -> None:
    expect_recovered(result(clock(interrupted=1.9), heals=Heals.BY_UNDO, stops_flow=True, hold_s=3.0))


def test_a_loss_is_named() -> None:
    lost = Discrepancy("audit-1", "conveyor-03", 17, Where.BROKER)
    bad = replace(result(), reconciled=Reconciled(AuditReport(LedgerVerdict(lost=[lost]), LedgerVerdict())))
    with pytest.raises(AssertionError, match=r"audit-1/conveyor-03#17 \(broker\)"):
        expect_nothing_lost(bad)


def test_checks_that_stayed_green_are_named() -> None:
    with pytest.raises(AssertionError, match=r"stayed green: test_pods_ready\[processor\]"):
        expect_detected(replace(result(), observed=Observed(undetected=("test_pods_ready[processor]",))))


def test_what_was_left_is_named() -> None:
    with pytest.raises(AssertionError, match="networkpolicies/cut is new"):
        expect_nothing_left(replace(result(), settled=Settled(("networkpolicies/cut is new",))))


def test_a_backlog_that_never_grew_is_reported() -> None:
    expect_backlog_grew(result())
    with pytest.raises(AssertionError, match="no backlog grew: at most 9 readings, 9 before it"):
        expect_backlog_grew(result(clock(peak_lag=9)))


def test_a_group_that_rejoined_late_or_never_is_reported() -> None:
    expect_rejoined(timed(rejoined=Moment(6.2, 0.5)))
    with pytest.raises(AssertionError, match=r"whole 10\.1 s after the new process's start, not 10 s"):
        expect_rejoined(timed(rejoined=Moment(10.1, 0.5)))


def test_a_store_with_too_few_shards_to_open_proves_nothing() -> None:
    expect_many_shards(timed(shards=90))
    with pytest.raises(AssertionError, match="opened 89 shards, not 90"):
        expect_many_shards(timed(shards=89))
    with pytest.raises(AssertionError, match="did not say how many shards"):
        expect_many_shards(timed())


def identified(found: Result, before: PersistentIdentity, after: PersistentIdentity) -> Result:
    return replace(found, reconciled=Reconciled(AuditReport(LedgerVerdict(), LedgerVerdict()), (before, after)))


def test_what_was_not_kept_is_reported() -> None:
    before = PersistentIdentity("kafka-0", "one", "claim", "volume", "cluster", {0: 1})
    after = replace(before, incarnation="two", committed={0: 2})
    expect_identity_kept(identified(result(), before, after))
    with pytest.raises(AssertionError, match="the cluster id was cluster and is another"):
        expect_identity_kept(identified(result(), before, replace(after, cluster_id="another")))
    back = identified(result(), before, after)
    assert back.evidence is not None
    back.evidence.samples.lag[3:5] = [LagSample(1.0, 1.0, committed={0: 9}), LagSample(2.0, 2.0, committed={0: 3})]
    with pytest.raises(AssertionError, match="not kept: partition 0: committed went back from 9 to 3"):
        expect_identity_kept(back)


@pytest.mark.parametrize(
    ("turns", "told"),
    [
        (None, "was not looked at"),
        (Transitions(None, None), "stayed green"),
        (Transitions(Moment(1.0, 0.2), None, "no route"), r"is red since 1\.0 s \(-0\.2\): no route"),
    ],
)
def test_a_data_source_that_did_not_fail_or_recover_is_reported(turns: Transitions | None, told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        expect_datasource_failed_and_recovered(timed(datasource=turns))
    expect_datasource_failed_and_recovered(timed(datasource=Transitions(Moment(1.0, 0.2), Moment(9.0, 0.4))))


def diagnosed(*causes: str, component: str = "processor") -> Result:
    """Triage finds these causes of the processor, the first one first; expected is a hung or unready ``component``."""
    findings = tuple(Finding(CAUSES[cause], "processor", f"it is {cause}") for cause in causes)
    expected = ExpectedFinding(component, frozenset({"process-hung", "not-ready"}), "L1")
    observed = Observed(diagnosis=Diagnosis(1.0, "context", "ns", findings))
    return replace(result(), scenario=replace(scenario(), findings=(expected,)), observed=observed)


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (replace(result(), reconciled=None), "the ledger was not read"),
        (result(None), "nothing was measured"),
        (replace(result(), observed=Observed(undetected=("test_pods_ready[kafka]",))), "stayed green"),
        (replace(result(), settled=None), "was not compared"),
        (diagnosed("token-refused"), "triage should say"),
    ],
)
def test_all_of_it_is_judged(bad: Result, told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        expect_all(bad)


def test_the_first_finding_has_to_be_the_expected_one() -> None:
    expect_diagnosed(diagnosed("process-hung", "token-refused"))


@pytest.mark.parametrize(
    ("causes", "told"),
    [
        ((), "says that nothing is wrong"),
        (("token-refused", "process-hung"), "processor: token-refused (L2): it is token-refused; processor: process-h"),
        (("not-ready",), "processor: not-ready (L2)"),
    ],
    ids=["nothing", "another first", "another level"],
)
def test_a_wrong_diagnosis_is_reported_with_what_was_said(causes: tuple[str, ...], told: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(told)) as raised:
        expect_diagnosed(diagnosed(*causes))
    assert "triage should say processor: not-ready or process-hung (L1)" in str(raised.value)


def test_another_component_is_another_diagnosis() -> None:
    with pytest.raises(AssertionError, match="triage should say producer: not-ready or process-hung"):
        expect_diagnosed(diagnosed("process-hung", component="producer"))


def test_what_heals_by_itself_may_come_first_and_is_not_enough() -> None:
    healing = Finding(CAUSES["pod-replaced"], "kafka", "replaced", self_healing=True)
    stays = diagnosed("process-hung")
    assert stays.observed.diagnosis is not None
    both = replace(stays.observed.diagnosis, findings=(healing, *stays.observed.diagnosis.findings))
    expect_diagnosed(replace(stays, observed=Observed(diagnosis=both)))
    with pytest.raises(AssertionError, match="and says only kafka: pod-replaced"):
        expect_diagnosed(replace(stays, observed=Observed(diagnosis=replace(both, findings=(healing,)))))


def test_triage_is_asked_only_where_something_is_expected() -> None:
    with pytest.raises(AssertionError, match="no snapshot was taken"):
        expect_diagnosed(replace(diagnosed("process-hung"), observed=Observed()))
    expect_diagnosed(replace(result(), observed=Observed()))
