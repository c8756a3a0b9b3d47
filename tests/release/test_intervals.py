"""The interval and the test, held against a count of all sign flips."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from pipeline_services.release.intervals import interval, log_ratios, p_above

VALUES = [0.021, -0.013, 0.044, 0.007, -0.002, 0.031, 0.018, 0.0095]


def flipped_p(values: list[float], limit: float) -> float:
    """The chance by brute force: of all sign flips, those whose negative ranks add up to no more than what was seen."""
    away = [value - limit for value in values]
    order = sorted(range(len(away)), key=lambda place: abs(away[place]))
    ranks = {place: rank for rank, place in enumerate(order, 1)}
    seen = sum(ranks[place] for place, value in enumerate(away) if value < 0)
    flips = itertools.product((0, 1), repeat=len(away))
    sums = [sum(ranks[place] for place, negative in enumerate(flip) if negative) for flip in flips]
    return sum(one <= seen for one in sums) / len(sums)


@pytest.mark.parametrize("limit", [-0.05, -0.0031, 0.0001, 0.0102, 0.0189, 0.05])
def test_chance_is_that_of_all_sign_flips(limit: float) -> None:
    assert p_above(VALUES, limit) == pytest.approx(flipped_p(VALUES, limit))


@pytest.mark.parametrize("alpha", [0.004, 0.0167, 0.05])
def test_an_end_is_where_the_test_begins_to_reject(alpha: float) -> None:
    found = interval(VALUES, alpha)
    assert flipped_p(VALUES, found.low - 1e-9) <= alpha < flipped_p(VALUES, found.low + 1e-9)
    mirrored = [-value for value in VALUES]
    assert flipped_p(mirrored, -found.high - 1e-9) <= alpha < flipped_p(mirrored, -found.high + 1e-9)


def test_estimate_is_the_median_of_all_pairwise_means() -> None:
    assert interval([1.0, 2.0, 9.0], 0.2).estimate == pytest.approx(3.5)


def test_too_few_values_leave_both_ends_open() -> None:
    found = interval([0.01] * 4, 0.05)
    assert (found.low, found.high) == (-math.inf, math.inf)


def test_interval_misses_as_rarely_as_it_says() -> None:
    chance = random.Random(7)
    missed = sum(interval([chance.gauss(0, 1) for _ in range(8)], 0.0167).high < 0 for _ in range(3_000))
    assert missed / 3_000 < 0.0167 + 0.007  # three standard deviations of the count


def test_nothing_has_no_interval() -> None:
    with pytest.raises(ValueError, match="no value"):
        interval([], 0.05)
    assert p_above([], 0.0) == 1.0


@pytest.mark.parametrize("bad", [math.nan, math.inf, 0.0, -1.0])
def test_what_is_no_measurement_is_named(bad: float) -> None:
    with pytest.raises(ValueError, match="pair 2 is"):
        log_ratios([(1.0, 1.0), (1.0, bad)])
