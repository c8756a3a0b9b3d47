"""What paired measurements say: the Hodges-Lehmann estimate and its exact confidence interval. Pure.

The interval is that of Wilcoxon's signed-rank test: under the hypothesis each of the 2**n ways to flip the signs of the
differences is as likely as any other, and the ranks are counted over all of them. It asks for no normal distribution,
and a few wild rounds move it little.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from statistics import median


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the typical difference lies, in the unit of the differences; ``pairs`` is how many were seen.

    Each end alone is wrong with a probability of at most the alpha that was asked for.
    """

    estimate: float
    low: float
    high: float
    pairs: int

    @property
    def width(self) -> float:
        """How much is left open."""
        return self.high - self.low


def log_ratios(pairs: Sequence[tuple[float, float]]) -> list[float]:
    """ln(B/A) of each (A, B): 0 where both cost the same, about 0.05 where B costs 5 % more.

    Raises:
        ValueError: a value is no positive number, which no cost can be; its pair is named.
    """
    for number, pair in enumerate(pairs, 1):
        if not (0 < pair[0] < math.inf and 0 < pair[1] < math.inf):
            raise ValueError(f"pair {number} is {pair[0]!r} and {pair[1]!r}, which is no measurement")
    return [math.log(b / a) for a, b in pairs]


def interval(values: Sequence[float], alpha: float) -> Interval:
    """The estimate, and the ends of which each is missed with a probability of ``alpha`` at most.

    Too few values for that alpha leave both ends open (infinite).

    Raises:
        ValueError: there is no value.
    """
    if not values:
        raise ValueError("there is no value to judge by")
    means = _walsh_averages(tuple(values))
    left_out = _rank_bound(len(values), alpha)
    low, high = (means[left_out], means[-1 - left_out]) if left_out >= 0 else (-math.inf, math.inf)
    return Interval(median(means), low, high, len(values))


def p_above(values: Sequence[float], limit: float) -> float:
    """How likely it is to see differences this large though the true one is ``limit`` at most; 1.0 for no value."""
    if not values:
        return 1.0
    at_most = bisect_right(_walsh_averages(tuple(values)), limit)
    return _cumulative(len(values))[at_most]


@lru_cache(maxsize=16)
def _walsh_averages(values: tuple[float, ...]) -> tuple[float, ...]:
    """The mean of each pair of values, each value with itself included, in order."""
    return tuple(sorted([(one + other) / 2 for place, one in enumerate(values) for other in values[place:]]))


@cache
def _rank_bound(count: int, alpha: float) -> int:
    """The largest rank sum that comes with a probability of ``alpha`` at most; -1 where not even 0 is that rare."""
    return bisect_right(_cumulative(count), alpha) - 1


@cache
def _cumulative(count: int) -> tuple[float, ...]:
    """By rank sum the probability that it is not exceeded when every sign is a coin's."""
    ways = [1]
    for rank in range(1, count + 1):
        grown = ways + [0] * rank
        for total, number in enumerate(ways):
            grown[total + rank] += number
        ways = grown
    sums, seen = [], 0
    for number in ways:
        seen += number
        sums.append(seen / 2**count)
    return tuple(sums)
