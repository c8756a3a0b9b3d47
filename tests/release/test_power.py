"""The rates of wrong verdicts, on a number of simulations that a test has time for."""

from __future__ import annotations

import pytest

from pipeline_services.release.power import GO, NO_GO, NOISE, OPEN, Row, kept, quiet_enough, table

FEW = 300


@pytest.mark.parametrize("noise", [NOISE, 2.5])
def test_wrong_verdicts_are_rare(noise: float) -> None:
    rows = table(noise, simulations=FEW, seed=5)
    assert kept(rows), "\n".join(map(str, rows))
    assert all(sum(row.shares.values()) == pytest.approx(1.0) for row in rows)


def test_a_quiet_machine_lets_a_good_version_go_and_stops_a_slow_one() -> None:
    same, slow = table(NOISE, simulations=FEW, seed=5, slowdowns=(0.0, 15.0))
    assert same.shares[GO] > 0.98
    assert slow.shares[NO_GO] > 0.98


def test_a_noisy_machine_says_that_it_does_not_know() -> None:
    same, slow = table(noise=20.0, simulations=FEW, seed=5, slowdowns=(0.0, 15.0))
    assert min(same.shares[OPEN], slow.shares[OPEN]) > 0.95


def test_a_machine_too_noisy_for_a_go_stops_a_slow_version_all_the_same() -> None:
    same, slow = table(noise=2.5, simulations=FEW, seed=5, slowdowns=(0.0, 15.0))
    assert same.shares[OPEN] > 0.5
    assert slow.shares[NO_GO] > 0.8


def test_noise_closes_the_gate() -> None:
    assert quiet_enough(NOISE, 100, seed=2) > 0.95
    assert quiet_enough(10.0, 100, seed=2) < 0.05


@pytest.mark.parametrize(("at", "verdict"), [(15.0, GO), (0.0, NO_GO)])
def test_a_promise_that_is_not_kept_is_seen(at: float, verdict: str) -> None:
    rows = [Row(slowdown, {verdict: 0.02} if slowdown == at else {}, 8.0) for slowdown in (0.0, 15.0)]
    assert not kept(rows)
