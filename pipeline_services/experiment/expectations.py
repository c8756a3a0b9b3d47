"""What the result of a scenario has to hold. Each raises AssertionError, and judges the result alone. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline_services.experiment.persistence import changes, commits_gone_back
from pipeline_services.experiment.scenario import Heals
from pipeline_services.measure.recovery import STALL_S
from pipeline_services.measure.rejoin import REJOIN_LIMIT_S

if TYPE_CHECKING:
    from pipeline_services.experiment.result import Recovered, Result
    from pipeline_services.measure.samples import Samples

MANY_SHARDS: Final = 90
"""Those of three months, of a bucket that makes one a day."""


def expect_all(result: Result) -> None:
    """What every result has to hold, and what its scenario expects beside."""
    expect_nothing_lost(result)
    expect_recovered(result)
    expect_detected(result)
    for expect in result.scenario.plan.expectations:
        expect(result)
    expect_nothing_left(result)
    expect_diagnosed(result)


def expect_nothing_lost(result: Result) -> None:
    """Both ledgers hold."""
    assert result.reconciled is not None, f"{result.summary}: the ledger was not read"
    report = result.reconciled.report
    assert report.holds, f"{result.summary}:\n{report}"


def expect_recovered(result: Result) -> None:
    """The pipeline recovered within the limit, and so did the flow."""
    plan, clock = result.scenario.plan, _measured(result).clock
    limit = plan.within_s
    assert clock.recovered is not None, f"{result.summary}: not back at all; the limit is {limit:g} s"
    took, gap = clock.recovered.after, clock.interrupted
    assert took <= limit, f"{result.summary}: {plan.component} was back after {took:.1f} s, the limit is {limit:g} s"
    if plan.heals is Heals.BY_ITSELF:
        assert gap <= limit, f"{result.summary}: no new reading was stored for {gap:.1f} s, the limit is {limit:g} s"
    assert clock.drained is not None, f"{result.summary}: the backlog did not drain (peak {clock.peak_lag})"
    if plan.stops_flow:
        least = max(STALL_S, plan.hold_s / 2)
        assert gap >= least, f"{result.summary}: readings went on being stored, the longest gap was {gap:.1f} s"


def expect_detected(result: Result) -> None:
    """Every check that should detect the fault did."""
    undetected = result.observed.undetected
    assert not undetected, f"{result.summary}: these checks stayed green: {', '.join(undetected)}"


def expect_backlog_grew(result: Result) -> None:
    """More readings waited in Kafka than ever in steady state before."""
    peak = _measured(result).clock.peak_lag
    assert result.injected is not None, f"{result.summary}: nothing was injected"
    lags = [one.lag for one in _samples(result).lag if one.answered < result.injected.at and not one.error]
    before = max(lags, default=0)
    assert peak > before, f"{result.summary}: no backlog grew: at most {peak} readings, {before} before it"


def expect_rejoined(result: Result) -> None:
    """The group was whole again as soon after the new process's start as section 9 says."""
    rejoined = _measured(result).rejoined
    assert rejoined is not None, f"{result.summary}: the group was not seen whole again"
    assert rejoined.after <= REJOIN_LIMIT_S, (
        f"{result.summary}: the group was whole {rejoined.after:.1f} s after the new process's start,"
        f" not {REJOIN_LIMIT_S:g} s"
    )


def expect_identity_kept(result: Result) -> None:
    """Same name, same volume, same data, and the group went on from its last commit."""
    identities = result.reconciled.identities if result.reconciled else None
    assert identities is not None, f"{result.summary}: what it keeps was not looked at"
    wrong = [*changes(*identities), *commits_gone_back(_samples(result).lag)]
    assert not wrong, f"{result.summary}: not kept: {'; '.join(wrong[:5])}"


def expect_datasource_failed_and_recovered(result: Result) -> None:
    """Grafana's data source failed, and works again."""
    seen = _measured(result).datasource
    assert seen is not None, f"{result.summary}: Grafana's data source was not looked at"
    assert seen.failed is not None, f"{result.summary}: Grafana's data source stayed green"
    assert seen.recovered is not None, (
        f"{result.summary}: Grafana's data source is red since {seen.failed}: {seen.message}"
    )


def expect_many_shards(result: Result) -> None:
    """The store recovered with ``MANY_SHARDS`` at least."""
    shards = _measured(result).shards
    assert shards is not None, f"{result.summary}: InfluxDB did not say how many shards it opened"
    assert shards >= MANY_SHARDS, f"{result.summary}: InfluxDB opened {shards} shards, not {MANY_SHARDS}"


def expect_diagnosed(result: Result) -> None:
    """The first finding that stays is the expected one, if one is expected.

    What heals by itself may be a trace of the scenario before.
    """
    if not result.scenario.findings:
        return
    (expected,) = result.scenario.findings
    diagnosis = result.observed.diagnosis
    assert diagnosis is not None, f"{result.summary}: no snapshot was taken while it lasted"
    findings = diagnosis.findings
    said = [f"{one.component}: {one.cause.id} ({one.cause.escalation.name}): {one.summary}" for one in findings]
    assert findings, f"{result.summary}: triage should say {expected}, and says that nothing is wrong"
    stays = [one for one in findings if not one.self_healing]
    assert stays, f"{result.summary}: triage should say {expected}, and says only {'; '.join(said)}"
    assert expected.fits(stays[0]), f"{result.summary}: triage should say {expected}, and says {'; '.join(said)}"


def expect_nothing_left(result: Result) -> None:
    """The namespace is as it was."""
    assert result.settled is not None, f"{result.summary}: the namespace was not compared with what it was"
    left = result.settled.differences
    shown = "\n".join(left[:10])
    assert not left, f"{result.summary} left the namespace other than it was:\n{shown}"


def _measured(result: Result) -> Recovered:
    assert result.recovered is not None, f"{result.summary}: nothing was measured"
    return result.recovered


def _samples(result: Result) -> Samples:
    assert result.evidence is not None, f"{result.summary}: nothing was sampled"
    return result.evidence.samples
