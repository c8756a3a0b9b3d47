"""How often each verdict comes at a given slowdown: the decisions of a release, played on made-up rounds.

``python -m pipeline_services.release.power --noise 2`` prints the table for a machine whose pairs differ by 2 %.
"""

from __future__ import annotations

import math
import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline_services.model.arguments import Parser, counted, positive
from pipeline_services.release.decision import Decision, Noise, is_final, judge, rules_out_go, too_noisy
from pipeline_services.release.gates import LOOKS, METRICS

SLOWDOWNS: Final = (0.0, 3.0, 5.0, 8.0, 15.0)
"""Per cent of CPU time more."""
SIMULATIONS: Final = 10_000
NOISE: Final = 1.2
WIDER: Final = {"peak-memory": 1.7, "drain-time": 3.5}
"""The noise of the other metrics, as a multiple of the CPU time's."""
GO, NO_GO, OPEN = "go", "no-go", "not enough data"


@dataclass(frozen=True, slots=True)
class Row:
    """The share of each verdict (0 to 1) at one slowdown, and the mean number of pairs until it."""

    slowdown: float
    shares: dict[str, float]
    pairs: float

    def __str__(self) -> str:
        cells = "".join(f"{100 * self.shares.get(name, 0.0):>17.2f}" for name in (GO, NO_GO, OPEN))
        return f"{self.slowdown:>+9g} %{cells}{self.pairs:>12.1f}"


def table(noise: float, simulations: int, seed: int, slowdowns: Sequence[float] = SLOWDOWNS) -> list[Row]:
    """Play ``simulations`` releases at each slowdown.

    Args:
        noise: standard deviation of one pair's difference, in per cent.
    """
    chance = random.Random(seed)
    rows = []
    for slowdown in slowdowns:
        ended = [_release(chance, slowdown, noise) for _ in range(simulations)]
        counts = Counter(verdict for verdict, _ in ended)
        shares = {verdict: count / simulations for verdict, count in counts.items()}
        rows.append(Row(slowdown, shares, sum(pairs for _, pairs in ended) / simulations))
    return rows


def quiet_enough(noise: float, simulations: int, seed: int) -> float:
    """How often the baseline against itself tells that the machine is quiet enough (0 to 1)."""
    chance = random.Random(seed)
    return sum(not rules_out_go(_control(chance, noise)) for _ in range(simulations)) / simulations


def _control(chance: random.Random, noise: float) -> list[Noise]:
    """The baseline against itself: what the machine is too noisy for."""
    rounds = _rounds(chance, 0.0, noise)
    for look in LOOKS:
        found = too_noisy(METRICS, _first(rounds, look))
        if not rules_out_go(found):
            break
    return found


def _release(chance: random.Random, slowdown: float, noise: float) -> tuple[str, int]:
    noises, rounds = _control(chance, noise), _rounds(chance, slowdown, noise)
    for look in LOOKS:
        judged = judge(METRICS, _first(rounds, look), noises)
        if is_final(judged, look, noises):
            break
    decisions = {one.decision for one in judged}
    if Decision.REGRESSION in decisions:
        return NO_GO, look
    return (GO if all(one.lets_go for one in decisions) else OPEN), look


def _rounds(chance: random.Random, slowdown: float, noise: float) -> dict[str, list[tuple[float, float]]]:
    """Pairs of each metric. What slows the CPU time down slows the drain too, and leaves the memory alone."""
    rounds = {}
    for metric in METRICS:
        spread = noise / 100 * WIDER.get(metric.id, 1.0)
        more = math.log1p(slowdown / 100) if metric.id != "peak-memory" else 0.0
        rounds[metric.id] = [(1.0, math.exp(chance.gauss(more, spread))) for _ in range(LOOKS[-1])]
    return rounds


def _first(rounds: dict[str, list[tuple[float, float]]], look: int) -> dict[str, list[tuple[float, float]]]:
    return {name: pairs[:look] for name, pairs in rounds.items()}


def main() -> int:
    """Print the table; 1 where a rate that is promised is not kept."""
    parser = Parser(
        prog="python -m pipeline_services.release.power",
        description="How often each verdict comes at a given slowdown.",
    )
    parser.add_argument(
        "--noise", type=positive, default=NOISE, metavar="PERCENT", help="of one pair (default: %(default)s)"
    )
    parser.add_argument("--simulations", type=counted, default=SIMULATIONS, metavar="N", help="releases for each row")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the random numbers (default: 1)")
    options = parser.parse_args()
    rows = table(options.noise, options.simulations, options.seed)
    quiet = quiet_enough(options.noise, options.simulations, options.seed)
    head = f"{'CPU time':>11}{'go, %':>17}{'no-go, %':>17}{'not enough, %':>17}{'pairs':>12}"
    lines = [f"{options.simulations} releases a row, a pair's noise is {options.noise:g} %", head, *map(str, rows)]
    lines.append(f"quiet enough by the baseline against itself: {100 * quiet:.1f} %")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if kept(rows) else 1


def kept(rows: Sequence[Row]) -> bool:
    """Go at +15 % and no-go at 0 % both come in less than 1 % of the releases."""
    by_slowdown = {row.slowdown: row.shares for row in rows}
    return by_slowdown[15.0].get(GO, 0.0) < 0.01 and by_slowdown[0.0].get(NO_GO, 0.0) < 0.01


if __name__ == "__main__":
    sys.exit(main())
