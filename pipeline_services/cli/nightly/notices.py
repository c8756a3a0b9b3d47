"""Who has to be told what: only that a problem began, or that one of which was told is over. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import reduce
from typing import Any, Final

from pipeline_services.cli.nightly.changes import Changes
from pipeline_services.cli.nightly.night import Night, step_outcome
from pipeline_services.cli.nightly.results import FAILED, INCONCLUSIVE, PASSED, State, StepResult, worse
from pipeline_services.model.text import plural, utc

SHOWN: Final = 10
"""So many problems are described in a message; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A check that fails, or a step that could not tell: what was seen, since when (epoch seconds), what to do."""

    what: str
    since: float
    next_step: str = ""
    runbook: str = ""
    outcome: str = FAILED

    def lines(self, key: str) -> list[str]:
        """As the message has it."""
        facts = {"since": utc(self.since), "next": self.next_step, "runbook": self.runbook}
        return [key, f"  {self.what}", *(f"  {word}: {fact}" for word, fact in facts.items() if fact)]


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be sent, and what the receiver then knows: problems that began, or that are over, by their start."""

    title: str
    body: str
    began: Mapping[str, float] = field(default_factory=dict)
    over: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Message:
        return cls(document["title"], document["body"], document["began"], tuple(document["over"]))


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One receiver's side: ``told`` is what it knows, ``queue`` what was not delivered yet, oldest first."""

    told: Mapping[str, float] = field(default_factory=dict)
    queue: tuple[Message, ...] = ()

    @property
    def will_know(self) -> dict[str, float]:
        """What the receiver knows once all of the queue is delivered."""
        known = dict(self.told)
        for message in self.queue:
            known = {key: at for key, at in {**known, **message.began}.items() if key not in message.over}
        return known

    def delivered(self) -> Mailbox:
        """The mailbox after the first of the queue has arrived."""
        return Mailbox(Mailbox(self.told, self.queue[:1]).will_know, self.queue[1:])

    def document(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Mailbox:
        return cls(document["told"], tuple(map(Message.of, document["queue"])))


def problems(night: Night, found: Changes) -> dict[str, Problem]:
    """What is wrong this time: each failing check, and each step that could not tell, by their names."""
    since = {one.check: one.at for one in (*found.failed, *found.still)}
    wrong = {
        name: Problem(check.headline, since[name], check.next_step, check.runbook and f"RUNBOOK.md#{check.runbook}")
        for name, check in night.checks.items()
        if check.outcome == FAILED
    }
    untold = {
        _key(step): Problem(_why(step), night.started, outcome=step_outcome(step))
        for step in night.steps
        if not _tells(step)
    }
    return {**wrong, **untold}


def well(night: Night, found: Changes) -> set[str]:
    """What is known to be right, or is not there any more."""
    passed = {name for name, check in night.checks.items() if check.outcome == PASSED}
    return passed | {_key(step) for step in night.steps if _tells(step)} | set(found.gone)


def with_news(box: Mailbox, wrong: Mapping[str, Problem], right: Collection[str], link: str) -> Mailbox:
    """The mailbox with what its receiver does not know yet; what is neither wrong nor right is no news.

    Args:
        link: where the report is.
    """
    known = box.will_know
    news = {key: problem for key, problem in wrong.items() if key not in known}
    over = {key: at for key, at in known.items() if key in right and key not in wrong}
    began, ended = ([_began(news, link)] if news else []), ([_over(over, link)] if over else [])
    return Mailbox(box.told, (*box.queue, *began, *ended))


def _began(news: Mapping[str, Problem], link: str) -> Message:
    entries = [problem.lines(key) for key, problem in news.items()]
    verdict = reduce(worse, (problem.outcome for problem in news.values()))
    title = f"{verdict.upper()}: {plural(len(news), 'new problem')} in the nightly run"
    return Message(title, _body(entries, link), began={key: problem.since for key, problem in news.items()})


def _over(over: Mapping[str, float], link: str) -> Message:
    entries = [[f"{key} (since {utc(at)})"] for key, at in over.items()]
    title = f"RESOLVED: {plural(len(over), 'problem')} of the nightly run"
    return Message(title, _body(entries, link), over=tuple(over))


def _body(entries: Sequence[Sequence[str]], link: str) -> str:
    shown = [line for entry in entries[:SHOWN] for line in entry]
    more = [f"and {len(entries) - SHOWN} more"] if len(entries) > SHOWN else []
    return "\n".join([*shown, *more, "", f"report: {link}"])


def _key(step: StepResult) -> str:
    return f"step {step.name}"


def _tells(step: StepResult) -> bool:
    """Whether the step came to an end that its checks explain."""
    outcome, red = step_outcome(step), {check.outcome for check in step.checks.values()}
    return outcome == PASSED or (outcome == FAILED and FAILED in red)


def _why(step: StepResult) -> str:
    if step.state is not State.RAN:
        return f"{step.state}: {step.why}"
    first = next((check.headline for check in step.checks.values() if check.outcome == INCONCLUSIVE), "")
    reason = first or step.why
    return f"exit code {step.code}{f': {reason}' if reason else ''}"
