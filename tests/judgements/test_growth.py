"""The pace of a growth as a range: narrow where it is even, wide where it wobbles, unknown where little is known."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from pipeline_services.judgements.growth import DAY_S, Growth, growth, range_of
from pipeline_services.model.errors import NoData

STEP = 600.0


def points(shape: Callable[[float], float], count: int = 72) -> list[list[float]]:
    """Every ten minutes, as a function of the days that have passed."""
    return [[1e9 + number * STEP, shape(number * STEP / DAY_S)] for number in range(count)]


def test_an_even_growth_has_one_pace() -> None:
    found = growth(points(lambda day: 0.3 + 0.1 * day))
    assert (found.low, found.high) == pytest.approx((0.1, 0.1))
    assert found.days_until(0.5) == pytest.approx((5.0, 5.0))


def test_a_range_holds_the_true_pace() -> None:
    seeded = random.Random(13)
    held = 0
    for _ in range(100):
        found = growth(points(lambda day: 0.3 + 0.1 * day + seeded.gauss(0, 0.005)))
        held += found.low <= 0.1 <= found.high
    assert held >= 90


def test_one_spike_or_one_drop_does_not_move_it() -> None:
    spiked = points(lambda day: 0.3 + 0.1 * day)
    for point in spiked[30:33]:
        point[1] = 0.9
    found = growth(spiked)
    assert (found.low, found.high) == pytest.approx((0.1, 0.1), rel=0.05)


def test_what_only_wobbles_may_never_be_full() -> None:
    seeded = random.Random(7)
    soon, late = growth(points(lambda _day: 0.5 + seeded.gauss(0, 0.01))).days_until(0.5)
    assert math.isinf(late)
    assert soon > 1


def test_what_shrinks_is_never_full() -> None:
    assert growth(points(lambda day: 0.5 - day / 10)).days_until(0.5) == (math.inf, math.inf)
    assert Growth(1.0, 1.0).days_until(-0.1) == (0.0, 0.0)


@pytest.mark.parametrize("known", [[], [[1.0, 2.0]], [[1.0, 2.0], [1.0, 3.0]], points(lambda day: day, 7)])
def test_too_few_points_have_no_pace(known: list[list[float]]) -> None:
    with pytest.raises(NoData, match="a pace takes values in 8 of 24 parts"):
        growth(known)


def test_points_in_one_corner_of_the_time_have_no_pace() -> None:
    known = points(lambda day: day)
    with pytest.raises(NoData, match="and 5 have any"):
        growth([*known[:12], known[-1]])


@pytest.mark.parametrize(
    ("days", "text"),
    [
        ((3.0, 5.2), "3 to 5.2 days"),
        ((3.01, 3.02), "3 days"),
        ((3.0, math.inf), "3 days at the earliest"),
        ((math.inf, math.inf), "never"),
    ],
)
def test_a_range_is_said_in_words(days: tuple[float, float], text: str) -> None:
    assert range_of(days) == text
