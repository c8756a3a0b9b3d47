"""What is other than on the nights before: failures and fixes, checks that flap, recoveries that take longer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median
from typing import Any, Final

from pipeline_services.cli.nightly.history import Past, of_installation, outcomes
from pipeline_services.cli.nightly.night import Night
from pipeline_services.cli.nightly.rank_test import holm, p_value
from pipeline_services.cli.nightly.results import FAILED, INCONCLUSIVE, PASSED, State

OUTAGE: Final = 3
"""So many failures in a row are an outage; a check that saw one does not flap."""
FLIPS: Final = 3
"""Two short failures, each mended by itself, flip a check three times at least."""
RECENT: Final = 5
EARLIER: Final = 10
"""Nights that are held against each other: the last ones against at least so many before."""
LEVEL: Final = 0.01
"""How often, over all scenarios of a night together, a change may be claimed that is none."""
MUCH, NOTEWORTHY_S = 0.2, 1.0
"""A change is told if it is this part of the usual time, and this many seconds."""


@dataclass(frozen=True, slots=True)
class Since:
    """A check and the first night (epoch seconds) of what is said of it."""

    check: str
    at: float


@dataclass(frozen=True, slots=True)
class Flaky:
    """A check that went to and fro: ``flips`` between passed and failed in ``runs`` nights."""

    check: str
    flips: int
    runs: int

    @property
    def rate(self) -> float:
        """Flips a night."""
        return self.flips / self.runs


@dataclass(frozen=True, slots=True)
class Shift:
    """A recovery that takes longer, or less long: medians in seconds, over how many nights, and how sure that is.

    Attributes:
        p: the probability of such a difference by chance, with regard to all scenarios of the night.
        is_new: the night before did not show it yet.
    """

    scenario: str
    now_s: float
    before_s: float
    nights: tuple[int, int]
    p: float
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed.

    Attributes:
        last: when the run before began (epoch seconds); None where there is none.
        failed, fixed: checks that failed or passed this time, and did not when they were last judged.
        still: checks that go on failing, with the first night of it.
        unknown: checks that could not be judged this time, and were the time before.
        gone: checks that were red and that their step, though it came to its end, does not have any more.
        shifts: recoveries; ``compared`` of the ``played`` scenarios have nights enough.
    """

    last: float | None = None
    failed: Sequence[Since] = ()
    fixed: Sequence[Since] = ()
    still: Sequence[Since] = ()
    unknown: Sequence[str] = ()
    gone: Sequence[str] = ()
    flaky: Sequence[Flaky] = ()
    shifts: Sequence[Shift] = ()
    compared: int = 0
    played: int = 0


def changes(past: Past, night: Night) -> Changes:
    """The night held against those before it of its installation; what the suite has no more is gone in all of them."""
    now, before = night.kept(), past
    past = of_installation(past, night.installation)
    tonight, nights = outcomes(now), [*past, now]
    earlier = {check: known(past, check) for check in tonight}
    failing = [check for check, outcome in tonight.items() if outcome == FAILED]
    new = [check for check in failing if earlier[check] != FAILED]
    passing = [check for check, outcome in tonight.items() if outcome == PASSED and earlier[check] == FAILED]
    times = _times(nights, night.recoveries)
    return Changes(
        last=float(past[-1]["started"]) if past else None,
        failed=[Since(check, night.started) for check in new],
        fixed=[Since(check, failing_since(past, check)) for check in passing],
        still=[Since(check, failing_since(nights, check)) for check in failing if check not in new],
        unknown=_newly_unknown(past, tonight),
        gone=_gone(before, night),
        flaky=flaky(nights),
        shifts=shifts(times),
        compared=sum(len(one) >= RECENT + EARLIER for one in times.values()),
        played=len(times),
    )


def known(past: Past, check: str) -> str | None:
    """Whether the check passed or failed when it was last judged; None where it never was."""
    row = _row(past, check)
    return row[-1] if row else None


def failing_since(nights: Past, check: str) -> float:
    """The first night (epoch seconds) of the failure that the check was last seen in.

    Raises:
        ValueError: it did not fail when it was last judged.
    """
    since = None
    for night in reversed(nights):
        outcome = outcomes(night).get(check)
        if outcome == PASSED:
            break
        since = float(night["started"]) if outcome == FAILED else since
    if since is None:
        raise ValueError(f"{check} does not fail")
    return since


def flips(row: Sequence[str]) -> int:
    """How often a check changed between passed and failed; the two ends of an outage do not count."""
    parts = [(outcome, len(list(group))) for outcome, group in groupby(row)]
    return sum(not (_is_outage(one) or _is_outage(other)) for one, other in pairwise(parts))


def _is_outage(part: tuple[str, int]) -> bool:
    return part[0] == FAILED and part[1] >= OUTAGE


def flaky(nights: Past) -> list[Flaky]:
    """The checks of the last night that went to and fro over the kept nights, the worst first."""
    checks = outcomes(nights[-1]) if nights else {}
    rows = {check: _row(nights, check) for check in checks}
    found = [Flaky(check, flips(row), len(row)) for check, row in rows.items() if flips(row) >= FLIPS]
    return sorted(found, key=lambda one: (-one.rate, one.check))


def shifts(times: Mapping[str, Sequence[float]]) -> list[Shift]:
    """The recoveries whose last nights differ from those before, by rank; the largest change first.

    Args:
        times: by scenario its seconds, oldest first, the last one tonight's.
    """
    now, before = _shifts(times), _shifts({name: one[:-1] for name, one in times.items()})
    told = {one.scenario: one.now_s > one.before_s for one in before}
    found = [
        Shift(
            one.scenario,
            one.now_s,
            one.before_s,
            one.nights,
            one.p,
            told.get(one.scenario) != (one.now_s > one.before_s),
        )
        for one in now
    ]
    return sorted(found, key=lambda one: -abs(one.now_s - one.before_s))


def _shifts(times: Mapping[str, Sequence[float]]) -> list[Shift]:
    pairs = {name: (one[-RECENT:], one[:-RECENT]) for name, one in times.items() if len(one) >= RECENT + EARLIER}
    chances = holm({name: p_value(*pair) for name, pair in pairs.items()})
    found = [
        Shift(name, median(recent), median(earlier), (len(recent), len(earlier)), chances[name])
        for name, (recent, earlier) in pairs.items()
        if chances[name] <= LEVEL
    ]
    return [one for one in found if abs(one.now_s - one.before_s) >= max(NOTEWORTHY_S, MUCH * one.before_s)]


def _times(nights: Past, tonight: Mapping[str, float]) -> dict[str, list[float]]:
    """By scenario of tonight its recovery times, oldest first."""
    return {name: [night["recoveries"][name] for night in nights if name in night["recoveries"]] for name in tonight}


def _row(nights: Past, check: str) -> list[str]:
    """The outcomes of a check on the nights that know it, oldest first."""
    found = (outcomes(night).get(check) for night in nights)
    return [outcome for outcome in found if outcome in (PASSED, FAILED)]


def _newly_unknown(past: Past, tonight: Mapping[str, str]) -> list[str]:
    def before(check: str) -> str | None:
        return next((found[check] for night in reversed(past) if check in (found := outcomes(night))), None)

    return [check for check, outcome in tonight.items() if outcome == INCONCLUSIVE and before(check) != INCONCLUSIVE]


def _gone(past: Past, night: Night) -> list[str]:
    found: list[str] = []
    for step in night.steps:
        if step.state is State.RAN and step.checks:
            found += [check for check in _red_before(past, step.name) if check not in step.checks]
    return found


def _red_before(past: Past, step: str) -> list[str]:
    """What was not green when the step last came to its end."""
    ran = (one["steps"][step] for one in reversed(past) if one["steps"].get(step, {}).get("state") == State.RAN)
    last: Mapping[str, Any] = next(ran, {})
    return [check for check, outcome in last.get("checks", {}).items() if outcome != PASSED]
