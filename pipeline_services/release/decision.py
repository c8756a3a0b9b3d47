"""From paired rounds to one decision for each metric: not worse, regression, or not enough data. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline_services.release.gates import LOOK_ALPHA, LOOKS, NOISE_SHARE, Metric
from pipeline_services.release.intervals import Interval, interval, log_ratios, p_above

Pairs = Sequence[tuple[float, float]]
"""(baseline, candidate) of each kept round, in the metric's unit."""


class Decision(StrEnum):
    """What the pairs of one metric say."""

    NOT_WORSE = "not worse"
    NOT_SHOWN_WORSE = "not shown to be worse"
    REGRESSION = "regression"
    NOT_ENOUGH_DATA = "not enough data"

    @property
    def lets_go(self) -> bool:
        """Whether a release may follow, as far as this metric goes."""
        return self in (Decision.NOT_WORSE, Decision.NOT_SHOWN_WORSE)


@dataclass(frozen=True, slots=True)
class Judged:
    """One metric's decision with its grounds; ``interval`` (of ln(B/A)) is missing where nothing could be computed."""

    metric: Metric
    decision: Decision
    why: str
    pairs: tuple[tuple[float, float], ...] = ()
    interval: Interval | None = None

    def __str__(self) -> str:
        return f"{self.metric.title}: {self.why}"

    @property
    def in_full(self) -> str:
        """The decision, and why the margin is what it is."""
        return f"{self}\nmargin {100 * self.metric.margin:g} %: {self.metric.reason}"

    @property
    def short(self) -> str:
        """How it is in a few words: ``+15.0 % (margin 5 %)``."""
        if self.interval is None:
            return self.why
        still = "still open, " if self.decision is Decision.NOT_ENOUGH_DATA else ""
        return f"{still}{signed(self.interval.estimate)} % (margin {100 * self.metric.margin:g} %)"


@dataclass(frozen=True, slots=True)
class Noise:
    """Why the machine cannot tell versions apart by one metric, judged by the baseline against itself.

    Attributes:
        beyond: how far above the margin a difference has to lie to be a regression all the same (a difference of
            logarithms): what the baseline against itself leaves open; infinite where it was not measured.
    """

    metric: Metric
    why: str
    beyond: float


def judge(metrics: Sequence[Metric], pairs: Mapping[str, Pairs], noises: Sequence[Noise] = ()) -> list[Judged]:
    """Decide each metric by the pairs that were played so far.

    A metric is not worse when its whole interval lies below the margin; of a loose one that is not asked. It is a
    regression when the test against the margin rejects, corrected after Holm for the number of metrics: any one of them
    stops a release. One that the machine is too noisy for is never not worse, and a regression only beyond its noise.
    """
    series = {metric.id: tuple(pairs.get(metric.id, ())) for metric in metrics}
    noise = {one.metric.id: one for one in noises}
    rejected = _regressions(metrics, series, noise)
    return [_judged(one, series[one.id], one.id in rejected, noise.get(one.id)) for one in metrics]


def is_final(judged: Sequence[Judged], played: int, noises: Sequence[Noise] = ()) -> bool:
    """Whether more pairs would change nothing, or may not be played: no number of them outweighs the noise."""
    hopeless = {one.metric.id for one in noises if not one.metric.loose}
    found = any(one.decision is Decision.REGRESSION for one in judged)
    decided = found or all(one.decision.lets_go for one in judged if one.metric.id not in hopeless)
    return played >= LOOKS[-1] or (played in LOOKS and decided)


def too_noisy(metrics: Sequence[Metric], pairs: Mapping[str, Pairs]) -> list[Noise]:
    """The metrics by which the machine cannot tell versions apart; none where it can by each.

    The baseline must come out not worse than itself in both directions, with an interval of half the margin at most.
    """
    return [noise for metric in metrics if (noise := _noise(metric, tuple(pairs.get(metric.id, ()))))]


def rules_out_go(noises: Sequence[Noise]) -> bool:
    """Whether a go needs one of these metrics; of a loose one nothing has to be shown."""
    return any(not one.metric.loose for one in noises)


def _noise(metric: Metric, pairs: tuple[tuple[float, float], ...]) -> Noise | None:
    there = _judged(metric, pairs, is_regression=False)
    found, allowed = there.interval, NOISE_SHARE * metric.limit
    if found is not None and found.width > allowed:
        seen = "no bound" if math.isinf(found.width) else f"{percent(found.width):.1f} %"
        return Noise(
            metric,
            f"the baseline against itself leaves {seen} open after {found.pairs} pairs; "
            f"{percent(allowed):.1f} % is allowed",
            _reach(found),
        )
    back = _judged(metric, tuple((b, a) for a, b in pairs), is_regression=False)
    wrong = next((one for one in (there, back) if one.decision is not Decision.NOT_WORSE), None)
    return Noise(metric, f"the baseline is not equal to itself: {wrong.why}", _reach(found)) if wrong else None


def _reach(found: Interval | None) -> float:
    """The width of the interval, stretched to 0 where it does not contain that."""
    return max(found.high, 0.0) - min(found.low, 0.0) if found else math.inf


def _regressions(metrics: Sequence[Metric], series: Mapping[str, Pairs], noise: Mapping[str, Noise]) -> set[str]:
    """Holm: the smallest p is compared with alpha / m, the next with alpha / (m - 1), until one does not reject."""
    chances = sorted((_chance(metric, series[metric.id], noise.get(metric.id)), metric.id) for metric in metrics)
    found: set[str] = set()
    for place, (chance, name) in enumerate(chances):
        if chance > LOOK_ALPHA / (len(chances) - place):
            break
        found.add(name)
    return found


def _chance(metric: Metric, pairs: Pairs, noise: Noise | None) -> float:
    try:
        values = log_ratios(pairs)
    except ValueError:
        return 1.0
    limit = metric.limit + (noise.beyond if noise else 0.0)
    return p_above(values, limit) if len(values) >= LOOKS[0] else 1.0


def _judged(
    metric: Metric, pairs: tuple[tuple[float, float], ...], is_regression: bool, noise: Noise | None = None
) -> Judged:
    if not pairs:
        return Judged(metric, Decision.NOT_ENOUGH_DATA, "no round was measured")
    try:
        found = interval(log_ratios(pairs), LOOK_ALPHA)
    except ValueError as error:
        return Judged(metric, Decision.NOT_ENOUGH_DATA, str(error), pairs)
    decision, why = _decided(metric, pairs, found, is_regression)
    if noise and not metric.loose and decision is not Decision.REGRESSION:
        decision, why = Decision.NOT_ENOUGH_DATA, noise.why
    return Judged(metric, decision, why, pairs, found)


def _decided(metric: Metric, pairs: Pairs, found: Interval, is_regression: bool) -> tuple[Decision, str]:
    if len(pairs) < LOOKS[0]:
        return Decision.NOT_ENOUGH_DATA, f"{len(pairs)} pairs, {LOOKS[0]} are the least"
    if not metric.repeats and len({value for pair in pairs for value in pair}) == 1:
        return Decision.NOT_ENOUGH_DATA, "every round has the same value: it was not measured"
    if is_regression:
        return Decision.REGRESSION, _told(metric, found, "more than the margin")
    if found.high < metric.limit:
        return Decision.NOT_WORSE, _told(metric, found, "below the margin")
    if metric.loose:
        return Decision.NOT_SHOWN_WORSE, _told(metric, found, "not shown to be above the margin")
    return Decision.NOT_ENOUGH_DATA, _told(metric, found, "which leaves it open whether that is below the margin")


def _told(metric: Metric, found: Interval, where: str) -> str:
    ends = f"{signed(found.low)} % to {signed(found.high)} %"  # finite from the first look on
    return f"{signed(found.estimate)} % ({ends}) in {found.pairs} pairs, {where} of {100 * metric.margin:g} %"


def signed(difference: float) -> str:
    """A difference of logarithms as per cent more, to a tenth: ``+15.0``, and never ``-0.0``."""
    return f"{round(percent(difference), 1) + 0.0:+.1f}"


def percent(difference: float) -> float:
    """A difference of logarithms as per cent more."""
    return 100 * math.expm1(difference)
