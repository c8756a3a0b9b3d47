"""The recovery clock on hand-made histories: each way to come back, late, or not at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_services.measure.recovery import CONSECUTIVE_SAMPLES, ExpectedComponent, interruptions, measure
from pipeline_services.measure.samples import FRESH_AGE_S, PodSeen, component_ready, flowing_at
from tests.audit.histories import START, history, outage, pod

EXPECTED = ExpectedComponent("processor", victims=frozenset({"old"}), audit=True)


def replaced(at_begin: float, at_ready: float) -> Callable[[float], tuple[PodSeen, ...]]:
    """The old pod goes at ``at_begin``, the new one is ready at ``at_ready``."""

    def pods(at: float) -> tuple[PodSeen, ...]:
        return (pod("old"),) if at < at_begin else (pod("new", ready=at >= at_ready),)

    return pods


def test_a_pod_that_is_replaced() -> None:
    samples = history(replaced(0.0, 4.0), outage(0.0, 5.0), lambda at: 900 if 0 < at < 6 else 10)
    recovery = measure(samples, START, EXPECTED)
    assert recovery.ready is not None
    assert recovery.ready.after == pytest.approx(4.0)
    assert recovery.flowing is not None
    assert recovery.flowing.after == pytest.approx(5.0)
    assert recovery.recovered is not None
    assert recovery.recovered.after == pytest.approx(5.0)
    assert recovery.drained is not None
    assert recovery.drained.after == pytest.approx(6.0)
    assert recovery.interrupted == pytest.approx(5.0, abs=0.3)
    assert recovery.peak_lag == 900


def test_a_pod_that_keeps_its_name_is_not_back_until_its_life_is_another() -> None:
    samples = history(lambda _at: (pod("old"),), outage(0.0, 5.0))
    assert measure(samples, START, EXPECTED).recovered is None


def test_a_hung_process_that_still_looks_ready_is_not_taken_for_recovered() -> None:
    """Nothing is stored from the landing on, though the pod is ready all the time and no victim is expected."""
    samples = history(lambda _at: (pod("same"),), outage(0.0, 20.0), until=30.0)
    recovery = measure(samples, START, ExpectedComponent("processor", audit=True))
    assert recovery.recovered is not None
    assert recovery.recovered.after == pytest.approx(20.0)


def test_readings_that_come_while_the_pod_is_not_ready_are_no_recovery() -> None:
    samples = history(replaced(0.0, 9.0), outage(0.0, 3.0))
    recovery = measure(samples, START, EXPECTED)
    assert recovery.recovered is not None
    assert recovery.recovered.after == pytest.approx(9.0)
    assert recovery.flowing is not None
    assert recovery.flowing.after == pytest.approx(3.0)


def test_a_handover_without_interruption_flows_from_the_start() -> None:
    recovery = measure(history(replaced(0.0, 0.0), outage(0.0, 0.0)), START, EXPECTED)
    assert recovery.flowing is not None
    assert recovery.flowing.after == 0.0
    assert recovery.interrupted == 0.0


def test_a_relapse_within_the_run_of_steady_samples_starts_the_clock_anew() -> None:
    def newest(at: float) -> float | None:
        return None if 4.0 <= at < 6.0 else outage(0.0, 3.0)(at)

    recovery = measure(history(replaced(0.0, 2.0), newest), START, EXPECTED)
    assert recovery.recovered is not None
    assert recovery.recovered.after == pytest.approx(6.0)
    assert recovery.flowing is not None
    assert recovery.flowing.after == pytest.approx(6.0)


def test_an_interruption_that_was_over_before_the_clock_started_is_none() -> None:
    recovery = measure(history(replaced(0.0, 0.0), outage(-4.0, -1.0)), START, EXPECTED)
    assert recovery.interrupted == 0.0


@pytest.mark.parametrize("until", [10.0, -5.0], ids=["never answered", "never asked"])
def test_where_no_reading_was_seen_nothing_flowed(until: float) -> None:
    recovery = measure(history(replaced(0.0, 1.0), lambda _at: None, until=until), START, EXPECTED)
    assert recovery.interrupted == float("inf")
    assert recovery.flowing is recovery.recovered is recovery.drained is None


def test_a_component_is_ready_whatever_goes_and_whatever_is_wrong_with_another() -> None:
    beside = pod("old", ready=False, going=True), pod(app="kafka", ready=False)
    assert component_ready([pod(), *beside], "processor")
    assert not component_ready([pod(app="kafka")], "processor")
    assert not component_ready([pod(), pod("another", ready=False)], "processor")


def test_too_few_steady_samples_are_none() -> None:
    samples = history(replaced(0.0, 0.0), outage(0.0, 0.0), until=0.25 * (CONSECUTIVE_SAMPLES - 2))
    assert measure(samples, START, EXPECTED).recovered is None


def test_an_interruption_that_has_not_ended_is_open() -> None:
    samples = history(replaced(0.0, 1.0), outage(0.0, 99.0), until=10.0)
    assert interruptions(samples.stored, START, None, audit=True)[-1][1] == float("inf")
    recovery = measure(samples, START, EXPECTED)
    assert recovery.recovered is None
    assert recovery.flowing is None
    assert recovery.drained is None


def test_a_backlog_that_stays_is_not_drained() -> None:
    assert measure(history(replaced(0.0, 1.0), outage(0.0, 2.0), lambda _at: 5_000), START, EXPECTED).drained is None


@given(ready=st.floats(0.5, 15.0), flows=st.floats(2.0, 15.0))
def test_the_clock_never_says_less_than_the_truth_and_at_most_its_error_more(ready: float, flows: float) -> None:
    recovery = measure(history(replaced(0.0, ready), outage(0.0, flows), until=25.0), START, EXPECTED)
    truth = max(ready, flows)
    assert recovery.recovered is not None
    assert truth <= recovery.recovered.after <= truth + recovery.recovered.error + 1e-6
    assert recovery.recovered.error <= 0.5


def test_a_stale_or_failed_last_look_is_no_flow() -> None:
    stored = history(lambda _at: (pod(),), lambda at: at - FRESH_AGE_S - 0.1).stored
    assert not flowing_at(stored, START + 5, audit=True)
    stored = history(lambda _at: (pod(),), lambda at: None if at > 0 else at).stored
    assert not flowing_at(stored, START + 5, audit=True)
    assert not flowing_at([], START, audit=True)


def test_the_audits_readings_do_not_stand_for_the_producers() -> None:
    stored = history(lambda _at: (pod(),), lambda at: at - 0.2).stored
    assert flowing_at(stored, START + 5, audit=True)
    assert not flowing_at(stored, START + 5, audit=False)
