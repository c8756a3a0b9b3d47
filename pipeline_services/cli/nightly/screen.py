"""What a person reads of a night, on one screen: the steps, and what is other than the last time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pipeline_services.cli.nightly.changes import Changes, Shift
from pipeline_services.cli.nightly.night import Night, step_outcome
from pipeline_services.cli.nightly.playing import told
from pipeline_services.cli.nightly.results import FAILED, INCONCLUSIVE, PASSED, Check, State, StepResult
from pipeline_services.model.text import duration, one_line, plural, utc

WIDTH: Final = 110
SHOWN: Final = 5
"""So many checks are shown of each kind; the rest is counted, and the pages have them all."""
_WORDS: Final = {PASSED: "ok", FAILED: "FAILED", INCONCLUSIVE: "INCONCLUSIVE"}


def lines(night: Night, found: Changes) -> list[str]:
    """The night from its steps to its verdict."""
    repaired = [[note] for step in night.steps for note in step.notes]
    return [*table(night.steps), *_block("REPAIRED", repaired), "", *changed(found, night.checks), "", verdict(night)]


def table(steps: Iterable[StepResult]) -> list[str]:
    """A row each: the step, what it says, how it came to it."""
    return [f"{one.name:<8} {_word(one):<12} {one_line(_how(one), WIDTH - 22)}" for one in steps]


def _word(step: StepResult) -> str:
    return "NOT RUN" if step.state is State.NOT_RUN else _WORDS[step_outcome(step)]


def _how(step: StepResult) -> str:
    return step.why if step.state is State.NOT_RUN else told(step)


def changed(found: Changes, checks: Mapping[str, Check]) -> list[str]:
    """What is other than the last time, a block for each kind; a night like the last one has one line."""
    head = "first run: nothing to compare with" if found.last is None else f"since the run of {utc(found.last)}:"
    blocks = [
        *_block("NEW FAILURE", [_detailed(one.check, checks[one.check]) for one in found.failed]),
        *_block("FIXED", [[f"{one.check} (failed since {utc(one.at)})"] for one in found.fixed]),
        *_block("NO LONGER KNOWN", [_detailed(one, checks[one]) for one in found.unknown]),
        *_block("NO LONGER THERE, and was not green", [[one] for one in found.gone]),
        *_block("STILL FAILING", [[f"{one.check} since {utc(one.at)}"] for one in found.still]),
        *_block("FLAKY", [[f"{one.check}: {_flips(one.flips, one.runs)}"] for one in found.flaky]),
        *_block("RECOVERY", [[_shift(one)] for one in found.shifts]),
    ]
    return [head, *(blocks or ["  nothing changed"]), *_compared(found)]


def _block(title: str, entries: Sequence[Sequence[str]]) -> list[str]:
    """A title with its number, then the entries, as far as they fit."""
    if not entries:
        return []
    shown = [f"    {one_line(line, WIDTH)}" for entry in entries[:SHOWN] for line in entry]
    more = [f"    and {len(entries) - SHOWN} more"] if len(entries) > SHOWN else []
    return [f"  {title}: {len(entries)}", *shown, *more]


def _detailed(name: str, check: Check) -> list[str]:
    """A check with what it saw and what to type."""
    said = [name, f"- {check.headline}"]
    return [*said, f"- next: {check.next_step}"] if check.next_step else said


def _flips(number: int, runs: int) -> str:
    return f"changed {number} times in {plural(runs, 'run')} ({number / runs:.0%})"


def _shift(one: Shift) -> str:
    word = "slower" if one.now_s > one.before_s else "faster"
    still = "" if one.is_new else "still "
    medians = f"{one.now_s:.1f} s, was {one.before_s:.1f} s"
    over = f"medians of the last {one.nights[0]} and the {one.nights[1]} runs before, p {one.p:.2g}"
    return f"{one.scenario} {still}{word}: {medians} ({over})"


def _compared(found: Changes) -> list[str]:
    if found.compared == found.played:
        return []
    few = found.played - found.compared
    return [f"  recoveries: {found.compared} of {found.played} compared, {few} with too few runs"]


def verdict(night: Night) -> str:
    outcomes = [one.outcome for one in night.checks.values()]
    counted = ", ".join(f"{outcomes.count(word)} {word}" for word in _WORDS if word in outcomes) or "no check ran"
    stopped = f"; stopped by {night.stopped_by}" if night.stopped_by else ""
    took = duration(night.ended - night.started)
    return f"{night.verdict.upper()}: {counted}{stopped}; began {utc(night.started)}, took {took}"
