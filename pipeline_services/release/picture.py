"""Pictures of a verdict: a metric's raw pairs with what they amount to, and the time line of the roll-out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import fill
from typing import Any, Final

from pipeline_services.model import plots
from pipeline_services.release.decision import Decision, Judged, percent

_PAIR: Final = "#1a5fb4"
_MARGIN: Final = "#a51d2d"
_COLOURS: Final = {
    Decision.NOT_WORSE: "#26a269",
    Decision.NOT_SHOWN_WORSE: "#26a269",
    Decision.REGRESSION: "#a51d2d",
    Decision.NOT_ENOUGH_DATA: "#8f5902",
}
PHONE_IN: Final = 4.8
"""Inches: still readable on a phone that is held upright."""
TITLE_WIDTH: Final = 58
"""Characters of a title's line: matplotlib leaves no room for lines that it breaks by itself."""


def metric_svg(judged: Judged) -> bytes:
    """Each pair as its difference in per cent, in the order played; the interval beside them, the margin across."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        differences = [percent(math.log(b / a)) for a, b in judged.pairs if _is_cost(a) and _is_cost(b)]
        axes.scatter(range(1, len(differences) + 1), differences, color=_PAIR, s=18, label="one pair")
        axes.axhline(100 * judged.metric.margin, color=_MARGIN, linestyle=":", label="margin")
        axes.axhline(0, color="#888888", linewidth=0.6)
        _draw_interval(axes, judged, len(differences) + 1.5)
        axes.set_ylabel(f"{judged.metric.title},\ncandidate more than baseline, %")
        axes.set_xlabel("pair")
        axes.locator_params(axis="x", integer=True)
        axes.set_title(fill(f"{judged.decision.value}: {judged.why}", TITLE_WIDTH), loc="left", fontsize=8)
        figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)
        plots.plain(axes)

    return plots.svg(judged.metric.id, (PHONE_IN, 3.0), draw)


def rollout_svg(rolled: Sequence[tuple[float, str]]) -> bytes:
    """What happened when, from top to bottom, by seconds since the first."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        zero = rolled[0][0] if rolled else 0.0
        moments = [at - zero for at, _ in rolled]
        axes.scatter(moments, range(len(rolled)), color=_PAIR, s=18)
        axes.set_yticks(range(len(rolled)), [f"{at - zero:.0f} s  {what}" for at, what in rolled], fontsize=8)
        axes.invert_yaxis()
        axes.set_xlabel("seconds")
        plots.plain(axes)

    return plots.svg("rollout", (PHONE_IN, 1.2 + 0.28 * len(rolled)), draw)


def _draw_interval(axes: Any, judged: Judged, at: float) -> None:
    found = judged.interval
    if found is None or not math.isfinite(found.width):
        return
    middle, low, high = (percent(end) for end in (found.estimate, found.low, found.high))
    colour = _COLOURS[judged.decision]
    axes.vlines([at], low, high, color=colour, linewidth=3, label="interval")
    axes.plot([at], [middle], marker="D", color=colour, markersize=5)


def _is_cost(value: float) -> bool:
    return math.isfinite(value) and value > 0
