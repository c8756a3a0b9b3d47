"""Whether two small samples differ: the exact test of Mann and Whitney, ties included. Pure.

It asks for no normal distribution, which recovery times do not have, and is exact for a handful of nights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import comb


def p_value(one: Sequence[float], other: Sequence[float]) -> float:
    """The probability (two-sided) of rank sums this far apart, or further, if both samples came from one distribution.

    Raises:
        ValueError: a sample is empty.
    """
    if not one or not other:
        raise ValueError("both samples need a value")
    ranks = _doubled_ranks([*one, *other])
    seen, size = sum(ranks[: len(one)]), len(one)
    centre = size * sum(ranks) / len(ranks)
    sums = _sums_of(ranks, size)
    extreme = sum(ways for total, ways in sums.items() if abs(total - centre) >= abs(seen - centre) - 1e-9)
    return extreme / comb(len(ranks), size)


def holm(values: Mapping[str, float]) -> dict[str, float]:
    """The same probabilities with regard to how many they are: below a level, no more than that is wrong of all."""
    adjusted: dict[str, float] = {}
    highest = 0.0
    for number, (name, value) in enumerate(sorted(values.items(), key=lambda item: item[1])):
        highest = max(highest, min(1.0, (len(values) - number) * value))
        adjusted[name] = highest
    return adjusted


def _doubled_ranks(values: Sequence[float]) -> list[int]:
    """Twice the rank of each value, so that the mean rank of tied ones is a whole number."""
    ordered = sorted(values)
    first = {value: number for number, value in reversed(list(enumerate(ordered)))}
    last = {value: number for number, value in enumerate(ordered)}
    return [first[value] + last[value] + 2 for value in values]


def _sums_of(ranks: Sequence[int], size: int) -> dict[int, int]:
    """By sum of ranks the number of ways to pick ``size`` of them."""
    ways: list[dict[int, int]] = [{0: 1}, *({} for _ in range(size))]
    for rank in ranks:
        for taken in range(size, 0, -1):
            for total, number in ways[taken - 1].items():
                ways[taken][total + rank] = ways[taken].get(total + rank, 0) + number
    return ways[size]
