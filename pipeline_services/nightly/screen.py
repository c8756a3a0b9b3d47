"""What a person reads of a night, on one screen: the steps, what is wrong, what was left out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pipeline_services.model.text import duration, one_line, plural, utc
from pipeline_services.nightly.night import Night, step_outcome
from pipeline_services.nightly.playing import told
from pipeline_services.nightly.results import FAILED, INCONCLUSIVE, PASSED, Check, State, StepResult

WIDTH: Final = 110
SHOWN: Final = 8
"""So many checks are shown of each kind; the rest is counted, and the pages have them all."""
_WORDS: Final = {PASSED: "ok", FAILED: "FAILED", INCONCLUSIVE: "NOT KNOWN"}


def lines(night: Night) -> list[str]:
    """The night from its steps to its verdict."""
    return [*table(night.steps), *wrong(night), "", verdict(night)]


def table(steps: Iterable[StepResult]) -> list[str]:
    """A row each: the step, what it says, how it came to it."""
    return [f"{one.name:<8} {_word(one):<10} {one_line(_how(one), WIDTH - 20)}" for one in steps]


def _word(step: StepResult) -> str:
    return "NOT RUN" if step.state is State.NOT_RUN else _WORDS[step_outcome(step)]


def _how(step: StepResult) -> str:
    return step.why if step.state is State.NOT_RUN else told(step)


def wrong(night: Night) -> list[str]:
    """The checks that failed, each with its next command; then those that could not be judged."""
    found: list[str] = []
    for outcome in (FAILED, INCONCLUSIVE):
        checks = {name: one for name, one in night.checks.items() if one.outcome == outcome}
        if checks:
            found += ["", f"{_WORDS[outcome]}: {plural(len(checks), 'check')}"]
            found += [line for name, one in list(checks.items())[:SHOWN] for line in check_lines(name, one)]
            found += [f"  and {len(checks) - SHOWN} more"] if len(checks) > SHOWN else []
    return found


def check_lines(name: str, check: Check) -> list[str]:
    """A check with what it saw and what to type."""
    said = [f"  {one_line(name, WIDTH)}", f"      {one_line(check.headline, WIDTH)}"]
    return [*said, f"      next: {check.next_step}"] if check.next_step else said


def verdict(night: Night) -> str:
    """The night in one line."""
    outcomes = [one.outcome for one in night.checks.values()]
    counted = ", ".join(f"{outcomes.count(word)} {word}" for word in _WORDS if word in outcomes) or "no check ran"
    stopped = f"; stopped by {night.stopped_by}" if night.stopped_by else ""
    took = duration(night.ended - night.started)
    return f"{night.verdict.upper()}: {counted}{stopped}; began {utc(night.started)}, took {took}"
