"""Which steps a night has, in which order, and whether a step still fits into the time that is left. Pure."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from statistics import median
from typing import Final

REPAIR: Final = "repair"
LOAD_TEST: Final = "load-test"
NOTE: Final = "repaired: "
"""How the lines of that step begin that say what it put right."""
RECENT: Final = 5
"""So many of the last durations of a step say how long it takes."""
_SUNDAY: Final = 6
_PYTHON: Final = (sys.executable, "-m")


@dataclass(frozen=True, slots=True)
class Cluster:
    """Which cluster the night is about, as options of pytest; the suite's own where neither of them names another.

    Attributes:
        options: what is handed on to every run, by the option's name.
        allow_chaos: the context of another cluster in which faults are allowed, or empty.
    """

    options: Mapping[str, str] = field(default_factory=dict)
    allow_chaos: str = ""

    @property
    def is_own(self) -> bool:
        """It alone is repaired, and broken without further consent."""
        return not self.allow_chaos and not {"context", "kubeconfig"} & self.options.keys()

    @property
    def words(self) -> list[str]:
        """The options, each in one word: of two, pytest would take the file for a test, and look there for settings."""
        return [f"--{name}={value}" for name, value in self.options.items()]


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the night.

    Attributes:
        kind: the run of pytest that it is, which names its report; empty where it is none.
        usual_s: seconds that it takes, as long as no earlier night tells.
        needs_repaired: it must not run where the repair failed.
    """

    name: str
    what: str
    command: tuple[str, ...]
    usual_s: float
    kind: str = ""
    needs_repaired: bool = False


def steps(today: date, cluster: Cluster, reports: Path, unfinished: Collection[str] = ()) -> list[Step]:
    """The night's steps, in order: what tells most in the least time comes first.

    Args:
        today: the day on which the night began.
        reports: the folder in which each run of pytest finds its own.
        unfinished: steps that their last night did not bring to their end, which are due whatever the day.
    """

    def run(kind: str, what: str, usual_s: float, marker: str = "") -> Step:
        folder = reports / kind if kind == "daily" else reports  # the other runs make a folder of their name in it
        options = ("-m", marker or kind, f"--reports={folder}", *cluster.words)
        return Step(kind, what, (*_PYTHON, "pytest", *options), usual_s, kind)

    def breaking(kind: str, what: str, usual_s: float, marker: str) -> Step:
        made = run(kind, what, usual_s, marker)
        consent = (f"--allow-chaos={cluster.allow_chaos}",) if cluster.allow_chaos else ()
        return Step(kind, what, (*made.command, *consent), usual_s, kind, needs_repaired=True)

    planned = [run("daily", "the daily checks", 30)]
    if cluster.is_own:
        command = (*_PYTHON, "pipeline_services.cli.nightly.repair")
        planned.insert(0, Step(REPAIR, "faults undone, drift repaired", command, 120))
    if cluster.is_own or cluster.allow_chaos:
        planned += [
            breaking("chaos", "the scenarios, but for the slow ones", 1200, "chaos and not slow and not mitigation"),
            breaking("matrix", "the sample of the detection matrix", 420, "matrix and sample"),
        ]
    first, monthly = today.day == 1, []
    if cluster.is_own or cluster.allow_chaos:
        test = breaking("chaos", "the load test of the autoscalers", 1000, "chaos and slow")
        monthly.append(replace(test, name=LOAD_TEST, command=(*test.command, "chaos/test_resources.py")))
    monthly += [*(_rotations() if cluster.is_own else []), run("monthly", "the monthly review", 300)]
    rare = [(today.weekday() == _SUNDAY, run("weekly", "the weekly review", 120)), *((first, one) for one in monthly)]
    return [*planned, *(step for is_its_day, step in rare if is_its_day or step.name in unfinished)]


def _rotations() -> list[Step]:
    """Section 5's rotations, before the review that asks for them. One that is stopped goes on when it is run again."""
    usual_s = {"rotate-token": 120.0, "rotate-tls": 240.0}
    return [
        Step(name, f"{name}, under load", (*_PYTHON, "pipeline_services.maintenance", name), takes, needs_repaired=True)
        for name, takes in usual_s.items()
    ]


def expected_s(step: Step, durations: Mapping[str, Sequence[float]]) -> float:
    """Seconds that the step will take: the median of the last times, else its own figure."""
    known = durations.get(step.name, ())[-RECENT:]
    return median(known) if known else step.usual_s
