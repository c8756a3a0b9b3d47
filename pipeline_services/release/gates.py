"""What a candidate is measured by: each metric with its margin and the reason for it, in one table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

LOOKS: Final = (8, 12, 16)
"""So many pairs are played before the first decision, the second and the last."""
ALPHA: Final = 0.05
"""The probability of a wrong "not worse" at the margin itself, and of a wrong no-go there, over all looks together."""
LOOK_ALPHA: Final = ALPHA / len(LOOKS)
"""The share of one look: peeking three times must not make an error three times as likely."""
NOISE_SHARE: Final = 0.5
"""The baseline against itself has to leave an interval of this part of the margin at most."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A cost, of which more is worse.

    Attributes:
        margin: what the candidate may cost more and still go, as a share (0.05 is 5 %).
        reason: why this much.
        repeats: equal values in all rounds are possible; elsewhere they mean that nothing was measured.
        loose: it stops a candidate that is shown to be worse, and asks for no proof that one is not.
    """

    id: str
    title: str
    unit: str
    margin: float
    reason: str
    repeats: bool = False
    loose: bool = False

    @property
    def limit(self) -> float:
        """The margin as a difference of logarithms, as pairs are compared."""
        return math.log1p(self.margin)


METRICS: Final = (
    Metric(
        "cpu-per-reading",
        "CPU time per stored reading",
        "µs",
        0.05,
        "a pod asks for 90m of CPU and its autoscaler adds pods at 70 %: 5 % more moves no replica count",
    ),
    Metric(
        "peak-memory",
        "peak memory",
        "MiB",
        0.10,
        "the limit of 256 MiB is more than twice what a pod uses: 10 % more is far from being killed for it",
        repeats=True,
    ),
    Metric(
        "drain-time",
        "time to store all readings",
        "s",
        0.25,
        "what a reading waits in a backlog; it depends on the machine more than on the code, so it is held loosely",
        loose=True,
    ),
)
