"""What triage found, as the first thing on the operator's terminal: each cause, then what it explains. Pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pipeline_services.model.text import duration, one_line, plural
from pipeline_services.reporting.run.explained import by_component, causes, explained_by, unexplained
from pipeline_services.reporting.run.outcome import CaseResult, Outcome
from pipeline_services.reporting.run.steps import labelled, needed
from pipeline_services.triage.incident.messages import commands, kubeconfig_hint, pasted, since, triage_command
from pipeline_services.triage.incident.terminal import asked, call, steps_label, wrapped
from pipeline_services.triage.model import Confidence, Diagnosis, Finding
from pipeline_services.triage.walk import workflow

NARROW, WIDE = 60, 120
"""Columns: below the one nothing can be laid out, beyond the other lines are hard to read."""
ROOM: Final = 9
"""Lines for one cause: with what stands below it on the screen, 15."""
_TAB: Final = 8
_EXPECTED: Final = "; expected "
_FOLLOWS: Final = "; so "
_FIRST: Final = "first"
_TO: Final = " --to-revision="
_OBVIOUS: Final = ("one", "the same", "200", "write access", "no policy that allows it")
"""What need not be said of what is expected."""
_WORD: Final = re.compile(r"[\w./-]*\w")
_SAYS_NOTHING: Final = frozenset({"is", "the", "there"})
_MISSING: Final = "there is no "
_TITLE: Final = 2
"""Rows of the title at most."""


class Detail(NamedTuple):
    """How fully a cause is told.

    Attributes:
        evidence: lines of it, each on so many ``rows``.
        afterwards: what the pipeline looks like once it is mended.
        looks: the commands are kept that only show something, where others mend it.
        expected: the title says what was expected, too.
        since: since when is said.
    """

    evidence: int
    rows: int
    afterwards: bool
    looks: bool
    expected: bool = True
    since: bool = True


_DETAIL: Final = (
    *(Detail(3, 2, True, True), Detail(2, 2, True, True), Detail(2, 2, False, True), Detail(1, 2, False, True)),
    *(Detail(1, 2, False, False), Detail(1, 1, False, False), Detail(0, 1, False, False)),
    Detail(0, 1, False, False, expected=False),
    Detail(0, 1, False, False, expected=False, since=False),
)
"""From ample to scarce."""
ROOM_OF_SEVERAL: Final = 6
"""Lines for each of several causes."""


@dataclass(frozen=True, slots=True)
class View:
    """What is shown, and to whom.

    Attributes:
        results: all cases of the run.
        width: columns of the terminal.
        now: epoch seconds; "4 min ago" is counted from it.
        options: those of the run, by name: what a hint has to repeat.
        live: a cluster was looked at, so that it can be followed.
        verbose: everything is shown, however long.
        can_paste: kubectl finds the suite's own cluster already, by this shell's environment.
    """

    diagnosis: Diagnosis
    results: Sequence[CaseResult]
    width: int
    now: float
    options: Mapping[str, object] = field(default_factory=dict)
    live: bool = True
    verbose: bool = False
    can_paste: bool = True

    @property
    def columns(self) -> int:
        """The width that lines are wrapped at."""
        return min(max(self.width, NARROW), WIDE)


def lines(view: View) -> list[str]:
    """The causes, each with all that is asked at night; what heals by itself beside one that does not is one line."""
    found = causes(view.diagnosis)
    lasting = [finding for finding in found if not finding.self_healing]
    whole = found if view.verbose else lasting or found[:1]
    room, told = ROOM if len(whole) == 1 else ROOM_OF_SEVERAL, list[str]()
    for place, finding in enumerate(whole):
        is_said = any(line.startswith(f"  {_FIRST} ") for line in told)
        block = _block(view, finding, _numbered(found, finding), room, first=not is_said)
        told += ["", *block] if place else block
    return [*told, *_in_short(view, [finding for finding in found if not any(finding is one for one in whole)])]


def _once(view: View, steps: Sequence[str]) -> list[str]:
    """What has to be typed before these commands work; triage and the incident always say it."""
    hint = "" if view.can_paste else kubeconfig_hint(view.diagnosis.context)
    typed = any(step.startswith("kubectl") for step in steps)
    return _row(view, _FIRST, f"{hint} # once per terminal: puts kubectl on PATH") if hint and typed else []


def _numbered(found: Sequence[Finding], finding: Finding) -> str:
    lasting = [one for one in found if not one.self_healing] or [finding]
    place = next((number for number, one in enumerate(lasting, 1) if one is finding), 0)
    return f" {place} of {len(lasting)}" if len(lasting) > 1 and place else ""


def title(finding: Finding) -> str:
    """The cause in one sentence that names its component once, or the object that it is about."""
    said, _, expected = finding.sentence.partition(_EXPECTED)
    sentence = said if expected in _OBVIOUS else finding.sentence
    named = (finding.component, finding.subject.rpartition("/")[2] or finding.component)
    return sentence if any(one.lower() in sentence.lower() for one in named) else f"{finding.component}: {sentence}"


def _shortened(view: View, head: str, said: str, subject: str) -> list[str]:
    """A title that has room: without what was expected, and of an object that is not as declared what follows from it;
    in what it differs comes second then."""
    alone = said.partition(_EXPECTED)[0]
    for one in (said, alone):
        if len(wrapped(head, one, 2, view.columns)) <= _TITLE:
            return [one]
    differs, _, follows = said.partition(_FOLLOWS)
    if not follows:
        return [alone]
    if not differs.startswith(f"{subject}: "):
        return [differs, follows]
    return [f"{subject} is not as declared: {follows}", differs.removeprefix(f"{subject}: ")]


def reasons(finding: Finding) -> list[str]:
    """Its evidence beside what its title says."""
    whole = title(finding)
    said, known = whole.partition(_EXPECTED)[0], _words(whole)
    return [
        line
        for line in finding.evidence
        if not (line.startswith(said) or line in whole) and (line.startswith(_MISSING) or not _words(line) <= known)
    ]


def _words(text: str) -> set[str]:
    """The words that say something; of an object its name, without its kind."""
    return {word.rpartition("/")[2] for word in _WORD.findall(text)} - _SAYS_NOTHING


def _block(view: View, finding: Finding, number: str, room: int, *, first: bool) -> list[str]:
    """As fully as there is room for."""
    block: list[str] = []
    for detail in _DETAIL:
        block = list(_rows(view, finding, number, detail, first=first))
        if view.verbose or len(block) <= room:
            break
    return block


def _rows(view: View, finding: Finding, number: str, detail: Detail, *, first: bool) -> Iterator[str]:
    yield from _told(view, finding, number, detail)
    yield from _healing(view, finding)
    course = workflow.begin(finding, view.diagnosis.taken_at)
    steps = finding.next if view.verbose or detail.looks else needed(finding.next)
    if whose := asked(course):
        yield from _row(view, "ask", whose)
    if first:
        yield from _once(view, steps)
    for label, typed in labelled(course, steps, view.diagnosis.context):
        for place, command in enumerate(typed):
            yield from _command(view, "" if place else label, command)
    yield from _undo(view, finding, f"if '{steps_label(course)}' makes it worse")
    if finding.afterwards and detail.afterwards and (finding.mends or view.verbose):
        yield from _row(view, "then", finding.afterwards)
    within = workflow.all_healed_within(view.diagnosis.findings)
    yield from _row(view, "call", f"{call(course, within)}; RUNBOOK.md#{finding.cause.runbook}")
    yield from _explains(view, finding)


def _told(view: View, finding: Finding, number: str, detail: Detail) -> Iterator[str]:
    """What is wrong, since when, and by what that is seen."""
    word = "CAUSE" if finding.confidence is Confidence.HIGH else "LIKELY CAUSE"
    head, said, differs = f"{word}{number}: ", title(finding), list[str]()
    if not view.verbose:
        said = said if detail.expected else said.partition(_EXPECTED)[0]
        said, *differs = _shortened(view, head, said, finding.subject)
    yield from wrapped(head, said, 2, view.columns, None if view.verbose else _TITLE)
    told = detail.since or finding.self_healing  # what heals has a time limit
    if view.verbose or (told and finding.since is not None):
        yield from _row(view, "since", since(finding.since, view.diagnosis.taken_at, view.now))
    why, most = reasons(finding), None if view.verbose else detail.rows
    shown = [
        *((one, 2) for one in differs),
        *((one, most) for one in (why if most is None else why[: detail.evidence])),
    ]
    for place, (line, rows) in enumerate(shown):
        wide = None if rows is None else rows * (view.columns - _TAB)
        yield from _row(view, "" if place else "why", one_line(line, wide), rows)
    for line in finding.against if view.verbose else ():
        yield from _row(view, "but", line)


def _undo(view: View, finding: Finding, when: str) -> list[str]:
    step, _, to = finding.undo.partition(_TO)
    if finding.undo and [step] == [last.partition(_TO)[0] for last in finding.next[-1:]]:
        return _row(view, "undo", f"the same {f'with{_TO}{to}' if to else 'command once more'}, {when}")
    typed = commands([finding.undo], view.diagnosis.context) if finding.undo else []
    return [line for command in typed for line in _command(view, "undo", f"{command} # {when}")]


def _healing(view: View, finding: Finding) -> Iterator[str]:
    if finding.self_healing:
        follow = f"; follow it: {triage_command(view.options, '--watch')}" if view.live else ""
        yield from _row(view, "wait", f"{duration(workflow.limit(finding))}, it heals by itself{follow}")


def _explains(view: View, finding: Finding) -> list[str]:
    """What follows from it, on one line: how many checks, and whose, as many as fit."""
    suffering = explained_by(view.results, finding)
    if not suffering:
        return []
    wrong = sum(result.outcome is not Outcome.PASSED for result in view.results)
    of_all = f"{len(suffering)} of {plural(wrong, 'check')}" if wrong > len(suffering) else plural(wrong, "check")
    counts = ", ".join(f"{name} {count}" for name, count in by_component(suffering).items())
    whole = f"explains {of_all}: {counts}"
    return [whole if view.verbose else _cut(view, whole)]


def _in_short(view: View, findings: Sequence[Finding]) -> list[str]:
    """What heals beside a cause that does not: on two rows at most, for nobody has to act."""
    if not findings:
        return []
    within = duration(max(workflow.limit(finding) for finding in findings))
    count = sum(len(explained_by(view.results, finding)) for finding in findings)
    whose = f" ({plural(count, 'check')})" if count else ""
    told = (
        f"also, heals by itself within {within}{whose}: {'; '.join(title(one).partition('; ')[0] for one in findings)}"
    )
    return wrapped("", told, 2, view.columns, _TITLE)


def not_explained(view: View) -> list[str]:
    """The components with something that no cause explains, as a heading of what follows."""
    left = unexplained(view.results)
    if not left or not causes(view.diagnosis):
        return []
    who = ", ".join(f"{name} {count}" for name, count in by_component(left).items())
    return [_cut(view, f"NOT explained, {plural(len(left), 'check')} (-v shows all): {who}")]


def no_cause(view: View) -> list[str]:
    """What is said where triage knows no cause."""
    deeper = f"; look back half an hour: {triage_command(view.options)}" if view.live else ""
    return wrapped("", f"NO CAUSE FOUND for what follows{deeper}", 2, view.columns)


def _cut(view: View, line: str) -> str:
    """One row of the terminal."""
    return textwrap.shorten(line, view.columns, placeholder=" ...")


def _row(view: View, label: str, text: str, most: int | None = None) -> list[str]:
    return wrapped(f"  {label:<{_TAB - 2}}", text, _TAB, view.columns, most)


def _command(view: View, label: str, command: str) -> list[str]:
    head, *more = pasted(command, view.columns, " " * _TAB)
    return [f"  {label:<{_TAB - 2}}{head.strip()}", *more]
