"""What the person at the terminal sees: bars on a terminal, plain lines elsewhere, and a table at the end."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from pipeline_services.model.atomic import write_json
from pipeline_services.model.text import exact_duration
from pipeline_services.platform.build.graph import Step

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

Estimate = Callable[[Sequence[Step], Mapping[str, float], Mapping[str, float]], float]
BAR_COLUMNS: Final = 20
QUIET_FOR = 30.0
SURE_AFTER = 60.0
"""Seconds of expected work after which the machine's pace is believed."""


class Durations:
    """How long each step took the last time on this machine, kept in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = {}
        self._known: dict[str, float] = known if isinstance(known, dict) else {}

    def expected(self, step: Step) -> float:
        """Seconds: from the last time, else the step's own figure."""
        return float(self._known.get(step.name, step.seconds))

    def record(self, name: str, seconds: float) -> None:
        """Remember a duration, whatever happens to the run afterwards."""
        self._known[name] = round(seconds, 1)
        write_json(self._path, dict(sorted(self._known.items())))


class Progress:
    """Reports steps as they start and end. Calling it with a text writes one line."""

    def __init__(self, durations: Durations | None = None, stream: TextIO | None = None) -> None:
        self._durations = durations
        self._stream = stream or sys.stderr
        self._live: Live | None = None
        self._began = time.monotonic()
        self._steps: dict[str, Step] = {}
        self._todo: dict[str, Step] = {}
        self._running: dict[str, float] = {}
        self._took: dict[str, float] = {}
        self.expected: dict[str, float] = {}
        self._worked: dict[str, float] = {}
        self._spent = self._due = 0.0
        self._counted = self._spoke = self._began
        self.estimate: Estimate | None = None

    def __call__(self, text: str) -> None:
        """Write one line, above the bars where there are any."""
        if self._live:
            self._live.refresh()  # a line is followed by the bars as they were drawn last
            self._live.console.out(text, highlight=False)
        else:
            self._stream.write(text + "\n")
            self._stream.flush()
        self._spoke = time.monotonic()

    @contextmanager
    def plan(self, steps: Sequence[Step]) -> Iterator[None]:
        """Say what is going to run; while the block runs, a terminal shows bars."""
        self._steps = {step.name: step for step in steps}
        self._todo = dict(self._steps)
        self.expected = {
            step.name: self._durations.expected(step) if self._durations else step.seconds for step in steps
        }
        self(f"{len(steps)} steps to do, about {exact_duration(self.seconds_left())} on this machine")
        try:
            with live_on(self._stream, self._bars) as self._live:
                yield
        finally:
            self._live = None

    def started(self, name: str) -> None:
        """A step begins."""
        self._share_out()
        self._running[name], self._worked[name] = time.monotonic(), 0.0
        del self._todo[name]
        if not self._live:
            self(f"{self._count()} {name} ...")
        self.tick()

    def finished(self, name: str, seconds: float) -> None:
        """A step is done."""
        self._share_out()
        del self._running[name]
        self._took[name] = seconds
        worked = self._worked.pop(name)
        self._spent += worked
        self._due += self.expected[name]
        if self._durations:
            self._durations.record(name, worked)
        self(f"{self._count()} {name} done in {exact_duration(seconds)}{self._outlook()}")

    def timed(self, name: str, seconds: float) -> None:
        """Add work to the table that is no step of the build."""
        self._took[name] = seconds

    def tick(self) -> None:
        """Draw the bars anew; where there are none, say now and then that it still goes on."""
        if self._live:
            self._live.refresh()
        elif self._running and time.monotonic() - self._spoke > QUIET_FOR:
            steps = ", ".join(f"{name} {self._ran(name)}" for name in self._running)
            self(f"{self._count()} {steps}{self._outlook()}")

    def table(self) -> None:
        """What took how long, longest first."""
        if not self._took:
            return
        width = max(len(name) for name in self._took)
        self("took:")
        for name, seconds in sorted(self._took.items(), key=lambda entry: -entry[1]):
            self(f"  {name:<{width}}  {exact_duration(seconds):>8}")
        self(f"  {'in all':<{width}}  {exact_duration(time.monotonic() - self._began):>8}")

    def _bars(self) -> Table:
        """A bar for the whole and one for each step that runs."""
        from rich.progress_bar import ProgressBar  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415

        whole, bar = len(self._steps), partial(ProgressBar, width=BAR_COLUMNS)
        table = Table.grid(padding=(0, 1))
        table.add_row(f"{self._done} of {whole} steps", bar(whole, self._done), self._outlook().strip())
        for name in self._running:
            table.add_row(name, bar(self.expected[name], self._worked[name]), self._ran(name))
        return table

    def _ran(self, name: str) -> str:
        return exact_duration(time.monotonic() - self._running[name])

    def _share_out(self) -> None:
        """Count the time since the last change for what ran, divided among the steps that shared a lane.

        So a step's figure is what it would take alone, whatever happened to run beside it.
        """
        now = time.monotonic()
        beside = Counter(self._steps[name].lane for name in self._running)
        for name in self._running:
            self._worked[name] += (now - self._counted) / beside[self._steps[name].lane]
        self._counted = now

    @property
    def _done(self) -> int:
        """How many steps have ended: unlike the number that have begun, it fits the end of a step as well."""
        return len(self._steps) - len(self._todo) - len(self._running)

    def _count(self) -> str:
        return f"[{self._done}/{len(self._steps)}]"

    def _outlook(self) -> str:
        if not (self._todo or self._running):
            return ""
        elapsed, left = exact_duration(time.monotonic() - self._began), exact_duration(self.seconds_left())
        return f" ({elapsed} so far, about {left} left)"

    def seconds_left(self) -> float:
        """The estimate, at the pace that this machine has shown so far."""
        self._share_out()
        pace = self._pace()
        expected = {name: seconds * pace for name, seconds in self.expected.items()}
        return self.estimate(list(self._todo.values()), self._worked, expected) if self.estimate else 0.0

    def _pace(self) -> float:
        """How many times as long as expected the work takes on this machine so far; a quick start promises nothing."""
        spent = self._spent + sum(self._worked.values())
        due = self._due + sum(min(worked, self.expected[name]) for name, worked in self._worked.items())
        return max(1.0, spent / due) if due > SURE_AFTER else 1.0


def live_on(stream: TextIO, draw: Callable[[], Table]) -> AbstractContextManager[Live | None]:
    """A display that is drawn over while the block runs, where the stream is a terminal that can move its cursor."""
    if not stream.isatty() or os.environ.get("TERM") == "dumb":
        return nullcontext()
    from rich.console import Console  # noqa: PLC0415 - 100 ms that only a build at a terminal needs
    from rich.live import Live  # noqa: PLC0415

    return Live(console=Console(file=stream), get_renderable=draw, auto_refresh=False, transient=True)
