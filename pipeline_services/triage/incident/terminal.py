"""A diagnosis as a screenful of text: what failed, since when, why, does it heal, what to type, whom to call. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline_services.model.metrics.advice import whom
from pipeline_services.model.text import duration, one_line, plural, utc
from pipeline_services.triage.incident.messages import commands, kubeconfig_hint, pasted, since
from pipeline_services.triage.model import Confidence, Diagnosis, Finding, Unanswered
from pipeline_services.triage.walk import escalations, workflow
from pipeline_services.triage.walk.workflow import Course

NARROW, WIDTH = 60, 120
"""Columns: what is wrapped at the most, and at the least however narrow a terminal is."""
LINES: Final = 40
WATCH: Final = "make triage ARGS=--watch"
_TAB: Final = 10
_DETAIL: Final = ((4, 4), (3, 3), (2, 3), (1, 2), (1, 1))
"""How many lines of evidence and how many commands a finding gets, from ample to scarce."""
_SURE: Final = {Confidence.MEDIUM: "not quite: it was inferred, not seen", Confidence.LOW: "no: nothing else was left"}


@dataclass(frozen=True, slots=True)
class View:
    """What is shown, and to whom.

    Attributes:
        courses: where each of the diagnosis' findings stands, in their order.
        now: epoch seconds; "4 min ago" is counted from it.
        watch: the command that follows what heals by itself; empty where it has been followed.
        below: lines that will stand below this answer on the same screen.
        width: columns of the terminal.
    """

    diagnosis: Diagnosis
    courses: Sequence[Course]
    now: float
    watch: str = WATCH
    below: int = 0
    width: int = WIDTH


def screen(view: View) -> list[str]:
    """The whole answer; with the lines below it at most ``LINES``."""
    diagnosis, room = view.diagnosis, LINES - view.below
    where = f"{diagnosis.namespace} on {diagnosis.context or 'the current context'}, {utc(diagnosis.taken_at)}"
    if diagnosis.healthy:
        return [f"HEALTHY: nothing is wrong; {where}"]
    unanswered = not_known(diagnosis.unanswered, view.width)
    if not diagnosis.findings:
        return _within([f"INCONCLUSIVE: too little is known; {where}", *unanswered], room)
    head = f"{plural(len(diagnosis.findings), 'finding').upper()}: {_blamed(view.courses)}; {where}"
    tail = [*_within(unanswered, 5), *_before_pasting(diagnosis)]
    return [head, *_findings(view, room - 1 - len(tail)), *tail]


def _blamed(courses: Sequence[Course]) -> str:
    shown = ", ".join(dict.fromkeys(course.finding.component for course in courses))
    waits = all(course.stage is workflow.Stage.WATCHING for course in courses)
    return f"{shown} (heals by itself, watching)" if waits else shown


def _findings(view: View, room: int) -> list[str]:
    """All findings as fully as there is room for; where even the scarcest form is too long, the last in a line each."""
    blocks: list[list[str]] = []
    for detail in _DETAIL:
        blocks = [["", *_finding(view, course, number, detail)] for number, course in enumerate(view.courses, 1)]
        if sum(map(len, blocks)) <= room:
            return [line for block in blocks for line in block]
    return _as_many_as_fit(blocks, view, room)


def _as_many_as_fit(blocks: Sequence[Sequence[str]], view: View, room: int) -> list[str]:
    whole = len(blocks)
    while whole > 1 and sum(map(len, blocks[:whole])) + len(blocks) - whole + 1 > room:
        whole -= 1
    lines = [line for block in blocks[:whole] for line in block]
    titles = [f"{number}. {_title(course.finding)}" for number, course in enumerate(view.courses, 1)][whole:]
    shown = [one_line(title, view.width) for title in titles[: max(0, room - len(lines) - 2)]]
    more = [f"... and {len(titles) - len(shown)} more, in triage.json"] if len(shown) < len(titles) else []
    return [*lines, "", *shown, *more]


def _finding(view: View, course: Course, number: int, detail: tuple[int, int]) -> Iterator[str]:
    finding, ample, width = course.finding, detail[0] > 1, view.width
    yield from wrapped(f"{number}. ", one_line(_title(finding), 2 * width - 10), 3, width)
    more = ", ".join(sorted(finding.affects - {finding.component}))
    began = since(finding.since, view.diagnosis.taken_at, view.now)
    yield from _row("since", f"{began}; affects {more}" if more else began, width)
    seen = [line for line in finding.evidence if line != finding.summary]
    for place, line in enumerate(seen[: detail[0]]):
        yield from _row("" if place else "why", f"- {one_line(line, 2 * (width - _TAB - 6))}", width)
    for line in finding.against[:ample]:
        yield from _row("but", f"- {one_line(line, width - _TAB - 6)}", width)
    if finding.confidence is not Confidence.HIGH:
        yield from _row("sure", _SURE[finding.confidence], width)
    yield from _row("heals", _heals(course, view.watch), width)
    typed = commands(finding.next, view.diagnosis.context, finding.cause.restored)[: detail[1]]
    if whose := asked(course):
        yield from _row("ask", whose, width)
    if typed:
        yield f"   {steps_label(course):<{_TAB - 3}}" + (
            "(one at a time; check after each)" if len(typed) > 1 else "(paste it)"
        )
        yield from (line for command in typed for line in pasted(command, width, " " * _TAB))
    yield from _undo(finding.undo, view.diagnosis.context, width) if finding.undo and ample else ()
    yield from _row("then", finding.afterwards, width) if finding.afterwards and ample else ()
    met = escalations.met_by(finding) if ample and course.hands_over else []
    look_at = f"; they check {met[0].look_at}" if met else ""
    within = workflow.all_healed_within(view.diagnosis.findings)
    yield from _row("call", f"{call(course, within)}{look_at}; RUNBOOK.md#{finding.cause.runbook}", width)


def _undo(command: str, context: str, width: int) -> list[str]:
    """It is pasted as the next step is, so it breaks nowhere but where the shell reads on."""
    lines = pasted(commands([command], context)[0], width, " " * _TAB)
    return [f"   {'undo':<{_TAB - 3}}{lines[0].lstrip()}", *lines[1:]]


def _title(finding: Finding) -> str:
    where = f" ({finding.subject})" if finding.subject else ""
    return f"{finding.component}{where}: {finding.sentence}"


def _heals(course: Course, watch: str) -> str:
    if course.overdue:
        return f"NO: it should have healed within {duration(workflow.limit(course.finding))}. Act now"
    if course.stage is workflow.Stage.WATCHING:
        limit = duration(workflow.limit(course.finding))
        return f"yes, by itself within {limit}; follow it: {watch}" if watch else f"yes, by itself within {limit}"
    return "no: it needs action"


def steps_label(course: Course) -> str:
    """What its commands are for: to look, or to mend; what heals by itself is mended by hand only where it does not."""
    if not course.finding.mends:
        return "look"
    return "else" if course.stage is workflow.Stage.WATCHING else "next"


def call(course: Course, within: float) -> str:
    """Whom to call, and when.

    Args:
        within: seconds that something else beside it may take to heal.
    """
    level = whom(course.level, course.finding.contact)
    if course.entered(workflow.Stage.ESCALATED):
        return f"{level}, now: the step did not help"
    if course.overdue:
        return f"{level} if that does not help at once"
    if course.stage is workflow.Stage.WATCHING:
        return _called_after_healing(course)
    if not course.hands_over:
        return "nobody: you can resolve it"
    if course.finding.next and not course.finding.mends:
        return f"{level} now, with what it prints"
    return f"{level} if red {duration(max(within, workflow.LOOK_AGAIN_S))} later"


def _called_after_healing(course: Course) -> str:
    """Whom to call about what should heal by itself: after what mends it by hand, where something does."""
    until = f" at {utc(course.deadline)[11:]}" if course.deadline else ""
    level = workflow.one_up(course.level).value
    if course.finding.mends:
        return f"nobody; if it is not over{until} 'else', and {level} {duration(workflow.LOOK_AGAIN_S)} later"
    return f"nobody; {level} if it is not over{until}"


def asked(course: Course) -> str:
    """Who is asked before the commands are typed, since what they take away may be somebody's; empty: nobody."""
    level = whom(course.level, course.finding.contact)
    return f"{level} now, before next, unless it is yours" if course.finding.cause.others else ""


def not_known(unanswered: Sequence[Unanswered], width: int = WIDTH) -> list[str]:
    """Checks without an answer, one line for each reason."""
    reasons: dict[str, list[Unanswered]] = {}
    for one in unanswered:
        reasons.setdefault(one_line(one.why), []).append(one)
    lines: list[str] = []
    for why, ones in reasons.items():
        components = ", ".join(dict.fromkeys(one.component for one in ones))
        said = textwrap.shorten(
            f"{plural(len(ones), 'check')} of {components}: {why}", 2 * width - 30, placeholder=" ..."
        )
        lines += wrapped("INCONCLUSIVE  ", said, 3, width)
    return lines


def _before_pasting(diagnosis: Diagnosis) -> list[str]:
    hint = kubeconfig_hint(diagnosis.context)
    return ["", f"For kubectl, once: {hint}"] if hint else []


def _row(label: str, text: str, width: int) -> list[str]:
    return wrapped(f"   {label:<{_TAB - 3}}", text, _TAB + (2 if text.startswith("- ") else 0), width)


def wrapped(head: str, text: str, indent: int, width: int, most: int | None = None) -> list[str]:
    """A text on as many lines as it takes, or on so many at most, behind its head, the further ones indented."""
    lines = textwrap.wrap(
        head + one_line(text),
        width,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
        max_lines=most,
        placeholder="...",
    )
    return lines or [head.rstrip()]


def _within(lines: list[str], room: int) -> list[str]:
    more = f"... and {len(lines) - room + 1} more lines, in triage.json"
    return lines if len(lines) <= room else [*lines[: room - 1], more]
