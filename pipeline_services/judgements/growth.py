"""How fast something grows, as a range, and when it is full at that pace. Pure.

The pace is the median of the slopes between all pairs of points (Theil and Sen), which one spike or one compaction does
not move; its range is what the ranks of the points allow with 95 % confidence (Kendall).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Final

from pipeline_services.model.errors import NoData

DAY_S: Final = 86_400.0
BLOCKS: Final = 24
"""Parts of the time of which the median counts: neighbouring samples are too alike to count each."""
LEAST_BLOCKS: Final = 8
CONFIDENCE: Final = 1.96


@dataclass(frozen=True, slots=True)
class Growth:
    """The pace by day: the lowest and the highest that fit."""

    low: float
    high: float

    def days_until(self, room: float) -> tuple[float, float]:
        """The earliest and the latest day on which ``room`` is used up; infinite: never at that pace."""
        soon, late = (max(0.0, room) / pace if pace > 0 else math.inf for pace in (self.high, self.low))
        return soon, late


def growth(points: Sequence[Sequence[float]], least: int = LEAST_BLOCKS) -> Growth:
    """The pace of (seconds, value) points in the order of time.

    Args:
        least: the parts of the time that must have values.

    Raises:
        NoData: there are too few, or they leave out too much of the time.
    """
    blocks = _blocks(points)
    if len(blocks) < least:
        raise NoData(f"a pace takes values in {least} of {BLOCKS} parts of the time, and {len(blocks)} have any")
    slopes = sorted((later[1] - one[1]) / (later[0] - one[0]) * DAY_S for one, later in combinations(blocks, 2))
    count, pairs = len(blocks), len(slopes)
    spread = CONFIDENCE * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    low, high = int((pairs - spread) / 2), math.ceil((pairs + spread) / 2)
    return Growth(slopes[max(0, low)], slopes[min(pairs - 1, high)])


def _blocks(points: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """Time and median of each part that has values."""
    if len(points) < 2 or points[-1][0] <= points[0][0]:
        return []
    start, span = points[0][0], points[-1][0] - points[0][0]
    parts: list[list[Sequence[float]]] = [[] for _ in range(BLOCKS)]
    for point in points:
        parts[min(BLOCKS - 1, int((point[0] - start) / span * BLOCKS))].append(point)
    return [(median(one[0] for one in part), median(one[1] for one in part)) for part in parts if part]


def range_of(days: tuple[float, float]) -> str:
    """``3 to 5 days``; ``3 days at the earliest`` where it may never be."""
    soon, late = days
    if math.isinf(soon):
        return "never"
    if math.isinf(late):
        return f"{soon:.3g} days at the earliest"
    return f"{soon:.2g} to {late:.2g} days" if f"{soon:.2g}" != f"{late:.2g}" else f"{soon:.2g} days"
