"""What triage said, compared with what it had to say; and the score over all scenarios. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from pipeline_services.experiment.scenario import ExpectedFinding, Scenario
from pipeline_services.triage.model import Diagnosis, Finding

UNKNOWN: Final = "unknown"
ALL: Final = 1.0
ENOUGH: Final = 0.95


@dataclass(frozen=True, slots=True)
class Verdict:
    """The diagnosis of one scenario, judged.

    Attributes:
        row: the scenario's id.
        detected: triage found something about it.
        seen: every check that has to fail does.
        component, cause, level: those of every expected finding are right, and no wrong cause stands beside them.
        alarms: findings about components that must not be blamed.
        missing: the checks that have to fail and do not.
        said: every finding, in triage's order.
        seconds: from the injection to the first diagnosis that was right; None where none was.
        useless: the commands it tells to type that ended with an error or showed nothing, each with its answer.
    """

    row: str
    expected: tuple[str, ...]
    detected: bool
    seen: bool
    component: bool
    cause: bool
    level: bool
    alarms: tuple[str, ...]
    missing: tuple[str, ...]
    said: tuple[str, ...]
    seconds: float | None = None
    useless: tuple[str, ...] = ()

    @property
    def as_expected(self) -> bool:
        """Everything is right."""
        right = all((self.detected, self.seen, self.component, self.cause, self.level))
        return right and not self.alarms and not self.useless

    @property
    def wrong(self) -> list[str]:
        """What is not right, a few words each."""
        lines = [] if self.detected else ["not detected"]
        lines += [f"{check} is not red" for check in self.missing]
        words = (("component", self.component), ("cause", self.cause), ("level", self.level))
        lines += [f"wrong {word}" for word, right in words if self.detected and not right]
        lines += [f"false alarm: {alarm}" for alarm in self.alarms]
        return [*lines, *(f"useless: {one}" for one in self.useless)]

    def to_dict(self) -> dict[str, Any]:
        """For machines."""
        return {**asdict(self), "as_expected": self.as_expected, "wrong": self.wrong}


def judge(scenario: Scenario, diagnosis: Diagnosis) -> Verdict:
    """The verdict on one diagnosis of a scenario's fault."""
    findings = diagnosis.findings
    missing = tuple(str(check) for check in scenario.must_fail if str(check) not in diagnosis.red)
    alarms = tuple(describe(one) for one in findings if scenario.must_not_blame(one.component) and not one.self_healing)
    about = [one for one in findings if not scenario.must_not_blame(one.component) or one.cause.id == UNKNOWN]
    right_cause = _every(scenario, findings, lambda want, one: one.cause.id in want.causes)
    return Verdict(
        scenario.id,
        tuple(map(str, scenario.findings)),
        detected=bool(about),
        seen=not missing,
        component=scenario.components <= {one.component for one in findings},
        cause=right_cause and _in_order(scenario, findings) and not _surplus(scenario, findings),
        level=_every(scenario, findings, lambda want, one: one.cause.escalation.name == want.level),
        alarms=alarms,
        missing=missing,
        said=tuple(map(describe, findings)),
    )


def timed(verdict: Verdict, seconds: float) -> Verdict:
    """The verdict with the time that it took."""
    return replace(verdict, seconds=round(seconds, 1))


def describe(one: Finding) -> str:
    """A finding in a few words."""
    healing = ", heals" if one.self_healing else ""
    return f"{one.component}: {one.cause.id} ({one.cause.escalation.name}{healing})"


def _every(scenario: Scenario, findings: Sequence[Finding], fits: Callable[[ExpectedFinding, Finding], bool]) -> bool:
    return all(
        any(one.component == want.component and fits(want, one) for one in findings) for want in scenario.findings
    )


def _in_order(scenario: Scenario, findings: Sequence[Finding]) -> bool:
    return not scenario.told_first or bool(findings and scenario.findings[0].fits(findings[0]))


def _surplus(scenario: Scenario, findings: Sequence[Finding]) -> list[Finding]:
    """Findings about the right components with other causes that do not heal by themselves."""
    right: dict[str, frozenset[str]] = {}
    for want in scenario.findings:
        right[want.component] = right.get(want.component, scenario.further_causes) | want.causes
    return [
        one
        for one in findings
        if one.component in right and one.cause.id not in right[one.component] and not one.self_healing
    ]


@dataclass(frozen=True, slots=True)
class Score:
    """All scenarios together."""

    verdicts: tuple[Verdict, ...]

    def share(self, what: str) -> float:
        """The part of the rows of which ``what`` (an attribute of the verdict) is true."""
        return sum(bool(getattr(one, what)) for one in self.verdicts) / len(self.verdicts) if self.verdicts else 0.0

    @property
    def alarms(self) -> int:
        """How many components were blamed for nothing."""
        return sum(len(one.alarms) for one in self.verdicts)

    @property
    def missed(self) -> list[str]:
        """The goals that are not reached, a line each."""
        if not self.verdicts:
            return ["no row was played"]
        goals = {"detected": ALL, "seen": ALL, "component": ENOUGH, "cause": ENOUGH, "level": ENOUGH}
        lines = [
            f"{_WORDS[what]}: {self.share(what):.1%}, the goal is {goal:.0%}; not: {', '.join(self._not(what))}"
            for what, goal in goals.items()
            if self.share(what) < goal
        ]
        blamed = [f"{one.row}: {', '.join(one.alarms)}" for one in self.verdicts if one.alarms]
        lines += [f"false alarms: {self.alarms}, the goal is 0; {'; '.join(blamed)}"] if blamed else []
        useless = [f"{one.row}: {', '.join(one.useless)}" for one in self.verdicts if one.useless]
        return [*lines, *([f"useless commands: the goal is none; {'; '.join(useless)}"] if useless else [])]

    def figures(self) -> dict[str, float]:
        """Numbers for the report's history."""
        found = {f"{_WORDS[what]} %": round(100 * self.share(what), 1) for what in _WORDS}
        times = sorted(one.seconds for one in self.verdicts if one.seconds is not None)
        middle = {"seconds to detect, median": times[len(times) // 2]} if times else {}
        return {**found, "false alarms": float(self.alarms), "rows": float(len(self.verdicts)), **middle}

    def to_dict(self) -> dict[str, Any]:
        """For machines."""
        return {"figures": self.figures(), "missed": self.missed, "rows": [one.to_dict() for one in self.verdicts]}

    def _not(self, what: str) -> list[str]:
        return [one.row for one in self.verdicts if not getattr(one, what)]


def table(score: Score) -> list[str]:
    """The score as a person reads it: a row each, then the shares."""
    width = max((len(one.row) for one in score.verdicts), default=3)
    lines = [f"{'row':<{width}}  {'det':<3} {'chk':<3} {'cmp':<3} {'cau':<3} {'lvl':<3} {'alarm':>5} {'s':>5}  said"]
    lines += [_line(one, width) for one in score.verdicts]
    lines += ["", ", ".join(f"{name} {value:g}" for name, value in score.figures().items())]
    return [*lines, *(f"MISSED  {line}" for line in score.missed)]


def _line(one: Verdict, width: int) -> str:
    marks = " ".join(f"{'ok' if right else 'NO':<3}" for right in _rights(one))
    seconds = "-" if one.seconds is None else f"{one.seconds:.0f}"
    said = "; ".join(one.said) or "nothing"
    return f"{one.row:<{width}}  {marks} {len(one.alarms) or '-':>5} {seconds:>5}  {said}"


def _rights(one: Verdict) -> Sequence[bool]:
    return [bool(getattr(one, what)) for what in _WORDS]


_WORDS: Final[Mapping[str, str]] = {
    "detected": "detected",
    "seen": "checks red as expected",
    "component": "right component",
    "cause": "right cause",
    "level": "right level",
}
