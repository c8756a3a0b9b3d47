"""The incident document: Markdown ready to be filed, for readers who were not there. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.model.text import duration, one_line, plural, utc
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.incident.impact import impact
from pipeline_services.triage.incident.known_issues import known_issues
from pipeline_services.triage.incident.messages import commands, kubeconfig_hint
from pipeline_services.triage.incident.timeline import incident_events
from pipeline_services.triage.model import Finding, Unanswered
from pipeline_services.triage.walk import escalations, workflow
from pipeline_services.triage.walk.workflow import Course

_RED_SHOWN: Final = 25
_SPECIAL: Final = re.compile(r"([\\`*<|]|(?<=\])\()")


@dataclass(frozen=True, slots=True)
class Incident:
    """What the document is made of.

    Attributes:
        snapshot: the one on which the findings were made.
        courses: every finding with its way through the flowchart, upstream first.
        red: the checks that failed then, with the first line of what each said.
        bundle: the name of the archive to hand over, where there is one.
        last: that of the last look, where it was followed.
    """

    snapshot: Snapshot
    courses: Sequence[Course]
    red: Mapping[str, str] = field(default_factory=dict)
    unanswered: Sequence[Unanswered] = ()
    bundle: str = ""
    last: Snapshot | None = None

    @property
    def findings(self) -> list[Finding]:
        return [course.finding for course in self.courses]


def markdown(incident: Incident) -> str:
    """The whole document: what is open first, then what was resolved by hand, then what healed."""
    in_order = sorted(incident.courses, key=lambda course: (not course.open, course.finding.self_healing))
    incident = replace(incident, courses=in_order)
    parts = (
        *(_head(incident), _summary(incident), _time_line(incident), _impact(incident), _evidence(incident)),
        *(_actions(incident), _outcome(incident), _escalation(incident), _not_known(incident)),
    )
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def _head(incident: Incident) -> Iterator[str]:
    snapshot, first = incident.snapshot, incident.findings[0]
    lasting = [one for one in incident.findings if not one.self_healing] or incident.findings
    began = min((one.since for one in lasting if one.since is not None), default=None)
    ended = [course.gone_at for course in incident.courses if not course.open and course.gone_at is not None]
    over = not any(course.open for course in incident.courses)
    yield f"# Incident of {utc(snapshot.taken_at)}: {_plain(first.component)}: {_plain(first.sentence)}"
    yield from ("", "| | |", "|---|---|")
    yield f"| Pipeline | {_plain(snapshot.namespace)} on {_plain(snapshot.context or 'the current context')} |"
    yield f"| Began | {utc(began) if began is not None else 'not known'} |"
    later = f", {duration(int(snapshot.taken_at) - int(began))} later" if began else ""
    yield f"| Noticed | {utc(snapshot.taken_at)}{later} |"
    yield f"| Over | {utc(max(ended)) if over and ended else 'not as far as is known'} |"
    yield f"| Level | {_level(incident).value}{' while it lasted; nothing is open' if over else ''} |"
    yield ""


def _level(incident: Incident) -> Escalation:
    return max((course.level for course in incident.courses), key=list(Escalation).index)


def _summary(incident: Incident) -> Iterator[str]:
    yield from ("## Summary", "")
    for number, course in enumerate(incident.courses, 1):
        finding = course.finding
        more = ", ".join(sorted(finding.affects - {finding.component}))
        consequence = f" On it depend: {more}." if more else ""
        sure = "" if finding.confidence.value == "high" else f" Confidence: {finding.confidence.value}."
        yield f"{number}. **{_plain(finding.component)}**: {_plain(finding.sentence)}.{consequence}{sure}"
        yield f"   Cause: {finding.cause.title} (`{finding.cause.id}`). State: {_plain(workflow.outcome(course))}."
    yield ""


def _time_line(incident: Incident) -> Iterator[str]:
    yield from ("## Time line", "", "| UTC | from | what |", "|---|---|---|")
    for one in incident_events(incident.snapshot, incident.courses, last=incident.last):
        yield f"| {utc(one.at).removesuffix(' UTC')} | {one.kind} | {_plain(one.what)} |"
    yield ""
    missing = [source for source in ("changes", "onset") if source not in incident.snapshot.answers]
    if missing:
        yield f"Not in this snapshot, and so not in the time line: {', '.join(missing)}."
        yield ""


def _impact(incident: Incident) -> Iterator[str]:
    yield from ("## Impact", "")
    yield from (
        f"- {label}: {_plain(text)}." for label, text in impact(incident.snapshot, incident.findings, incident.last)
    )
    yield ""


def _evidence(incident: Incident) -> Iterator[str]:
    yield from ("## Evidence", "")
    for number, finding in enumerate(incident.findings, 1):
        yield f"{number}. {_plain(finding.component)}{_subject(finding)}, confidence {finding.confidence.value}:"
        yield from (f"   - {_plain(line)}" for line in finding.evidence)
        yield from (f"   - does not fit: {_plain(line)}" for line in finding.against)
    yield ""
    red = list(incident.red.items())
    if red:
        yield f"Checks that failed ({len(red)}):"
        yield ""
        yield from (f"- {_plain(check)}: {_plain(why)}" for check, why in red[:_RED_SHOWN])
        yield from ([f"- and {len(red) - _RED_SHOWN} more"] if len(red) > _RED_SHOWN else [])
        yield ""
    known = known_issues(incident.snapshot)
    if known:
        yield "Seen, but no fault (section 9):"
        yield ""
        yield from (f"- {issue.id}: impact: {_plain(issue.impact)}" for issue in known)
        yield ""


def _actions(incident: Incident) -> Iterator[str]:
    yield from ("## Actions", "")
    hint = kubeconfig_hint(incident.snapshot.context)
    if hint:
        yield f"Once, for kubectl: `{hint}`. Write beside each command when it was run, by whom, and what came of it."
        yield ""
    for number, course in enumerate(incident.courses, 1):
        finding = course.finding
        if not course.open:
            yield from _past_actions(number, course, incident.snapshot.context)
            continue
        wait = (
            f"wait up to {duration(workflow.limit(finding))}; then"
            if finding.self_healing and not course.overdue
            else ""
        )
        typed = "done, but did not help" if course.entered(workflow.Stage.ESCALATED) else ""
        yield f"{number}. {_plain(finding.component)}: {typed or wait or 'run one after the other'}:"
        yield from _block(commands(finding.next, incident.snapshot.context, finding.cause.restored))
        if finding.undo:
            yield "   To undo:"
            yield from _block(commands([finding.undo], incident.snapshot.context))
        if finding.afterwards:
            yield f"   Resolved when: {_plain(finding.afterwards)}."
        yield f"   More: RUNBOOK.md#{finding.cause.runbook}."
        yield ""


def _past_actions(number: int, course: Course, context: str) -> Iterator[str]:
    """What is over needs no action; where it was resolved by hand, the runbook's steps are the place to say how."""
    finding = course.finding
    if finding.self_healing:
        yield f"{number}. {_plain(finding.component)}: nothing, it healed by itself."
    else:
        yield f"{number}. {_plain(finding.component)}: nothing any more. What the runbook has for it:"
        yield from _block(commands(finding.next, context, finding.cause.restored))
    yield ""


def _block(typed: Sequence[str]) -> list[str]:
    if not typed:
        return ["", "   No command is known to help.", ""]
    return ["", "   ```bash", *(f"   {command}" for command in typed), "   ```", ""]


def _outcome(incident: Incident) -> Iterator[str]:
    yield from ("## Outcome", "")
    for number, course in enumerate(incident.courses, 1):
        yield f"{number}. {_plain(course.finding.component)}: {_plain(workflow.outcome(course))}."
    yield ""


def _escalation(incident: Incident) -> Iterator[str]:
    yield from ("## Escalation", "")
    handed = [course for course in incident.courses if course.hands_over]
    if not handed:
        over = not any(course.open for course in incident.courses)
        yield "None: it is over." if over else "None: the operator (L1) can resolve this."
        waiting = workflow.watched(incident.courses)
        if waiting:
            levels = ", ".join(sorted({workflow.one_up(course.level).value for course in waiting}))
            yield f"What has not healed within its limit goes to {levels}."
        yield ""
        return
    level = max((course.level for course in handed), key=list(Escalation).index)
    tried = all(course.entered(workflow.Stage.ESCALATED) for course in handed)
    when = "now: the actions above did not help" if tried else "unless the actions above have helped"
    yield f"To **{level.value}** ({escalations.DUTIES[level]}), {when}:"
    yield ""
    for course in handed:
        yield f"- {_plain(course.finding.component)}: {course.level.value}: {_plain(course.finding.sentence)}"
        for condition in escalations.met_by(course.finding):
            yield f"  - {_plain(condition.when)}: look at {_plain(condition.look_at)}"
    yield from ("", "Hand over:", "")
    yield from _handed_over(incident)
    yield ""


def _handed_over(incident: Incident) -> Iterator[str]:
    yield "- this document, with what was tried filled in above"
    if incident.bundle:
        yield f"- `{incident.bundle}`: the snapshot, the logs, the objects concerned and the diagnosis, without secrets"
    yield "- since when, and what changed last (see the time line)"
    yield "- who noticed it, and how it can be seen: `make triage`, `make daily`"


def _not_known(incident: Incident) -> Iterator[str]:
    lines = [f"{one.check} ({one.component}): {one.why}" for one in incident.unanswered]
    lines += [f"source {name}: {failure.message}" for name, failure in sorted(incident.snapshot.failures.items())]
    if not lines:
        return
    yield from (f"## Not known ({plural(len(lines), 'answer')} missing)", "")
    yield from (f"- {_plain(line)}" for line in lines[:_RED_SHOWN])
    yield from ([f"- and {len(lines) - _RED_SHOWN} more"] if len(lines) > _RED_SHOWN else [])
    yield ""


def _subject(finding: Finding) -> str:
    return f" ({_plain(finding.subject)})" if finding.subject else ""


def _plain(text: str) -> str:
    """Somebody else's text, so that Markdown takes none of it for markup; a full stop is put by the sentence."""
    return _SPECIAL.sub(r"\\\1", one_line(text)).rstrip(".")
