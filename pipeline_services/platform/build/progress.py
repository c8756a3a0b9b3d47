"""What the person at the terminal sees: live on a terminal, plain lines elsewhere, and a table at the end."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from pipeline_services.platform.build.graph import Step

Estimate = Callable[[Sequence[Step], Mapping[str, float], Mapping[str, float]], float]
QUIET_FOR = 30.0
SURE_AFTER = 60.0
"""Seconds of expected work after which the machine's pace is believed."""


class Durations:
    """How long each step took the last time on this machine, kept in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            known = {}
        self._known: dict[str, float] = known if isinstance(known, dict) else {}

    def expected(self, step: Step) -> float:
        """Seconds: from the last time, else the step's own figure."""
        return float(self._known.get(step.name, step.seconds))

    def record(self, name: str, seconds: float) -> None:
        """Remember a duration, whatever happens to the run afterwards."""
        self._known[name] = round(seconds, 1)
        draft = self._path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(self._known, indent=1, sort_keys=True), encoding="utf-8")
        draft.replace(self._path)


class Progress:
    """Reports steps as they start and end. Calling it with a text writes one line."""

    def __init__(self, durations: Durations | None = None, stream: TextIO | None = None, quiet: bool = False) -> None:
        self._durations = durations
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._quiet = quiet
        self._began = time.monotonic()
        self._todo: list[Step] = []
        self._running: dict[str, float] = {}
        self._took: dict[str, float] = {}
        self.expected: dict[str, float] = {}
        self._lanes: dict[str, str] = {}
        self._worked: dict[str, float] = {}
        self._spent = self._due = 0.0
        self._counted = self._began
        self._planned = 0
        self._count = 0
        self._spoke = self._began
        self.estimate: Estimate | None = None

    def __call__(self, text: str) -> None:
        """Write one line above what is live."""
        if not self._quiet:
            self._line(text)

    def plan(self, steps: Sequence[Step]) -> None:
        """Say what is going to run."""
        self._todo = list(steps)
        self._lanes = {step.name: step.lane for step in steps}
        self._planned = len(steps)
        self._count = 0
        self.expected = {
            step.name: self._durations.expected(step) if self._durations else step.seconds for step in steps
        }
        if steps:
            self._line(f"{len(steps)} steps to do, about {clock(self._left())} on this machine")

    def started(self, name: str) -> None:
        """A step begins."""
        self._share_out()
        self._count += 1
        self._running[name] = time.monotonic()
        self._todo = [step for step in self._todo if step.name != name]
        if not self._live:
            self._line(f"[{self._count}/{self._planned}] {name} ...")
        self.tick()

    def finished(self, name: str, seconds: float) -> None:
        """A step is done."""
        self._share_out()
        self._running.pop(name, None)
        self._took[name] = seconds
        worked = self._worked.pop(name, seconds)
        self._spent += worked
        self._due += self.expected.get(name, worked)
        if self._durations:
            self._durations.record(name, worked)
        done = len(self._took)
        self._line(f"[{min(done, self._planned)}/{self._planned}] {name} done in {clock(seconds)}{self._outlook()}")

    def timed(self, name: str, seconds: float) -> None:
        """Add work to the table that is no step of the build."""
        self._took[name] = seconds

    def tick(self) -> None:
        """Refresh what is live; elsewhere say now and then that it still goes on."""
        now = time.monotonic()
        if self._live:
            self._draw(self._status())
        elif self._running and now - self._spoke > QUIET_FOR:
            self._line(self._status())

    def table(self) -> None:
        """What took how long, longest first."""
        self._draw("")
        if self._quiet or not self._took:
            return
        width = max(len(name) for name in self._took)
        self._line("took:")
        for name, seconds in sorted(self._took.items(), key=lambda entry: -entry[1]):
            self._line(f"  {name:<{width}}  {clock(seconds):>8}")
        self._line(f"  {'in all':<{width}}  {clock(time.monotonic() - self._began):>8}")

    def clear(self) -> None:
        """Take the live line away."""
        self._draw("")

    def _share_out(self) -> None:
        """Count the time since the last change for what ran, divided among the steps that shared a lane.

        So a step's figure is what it would take alone, whatever happened to run beside it.
        """
        now = time.monotonic()
        beside = Counter(self._lanes[name] for name in self._running)
        for name in self._running:
            share = (now - self._counted) / beside[self._lanes[name]]
            self._worked[name] = self._worked.get(name, 0.0) + share
        self._counted = now

    def _status(self) -> str:
        now = time.monotonic()
        steps = ", ".join(f"{name} {clock(now - since)}" for name, since in self._running.items())
        return f"[{self._count}/{self._planned}] {steps}{self._outlook()}"

    def _outlook(self) -> str:
        elapsed = clock(time.monotonic() - self._began)
        return f" ({elapsed} so far, about {clock(self._left())} left)" if self._todo or self._running else ""

    def _left(self) -> float:
        now = time.monotonic()
        running = {name: now - since for name, since in self._running.items()}
        pace = self._pace()
        expected = {name: seconds * pace for name, seconds in self.expected.items()}
        return self.estimate(self._todo, running, expected) if self.estimate else 0.0

    def _pace(self) -> float:
        """How many times as long as expected the work takes on this machine so far; a quick start promises nothing."""
        self._share_out()
        spent = self._spent + sum(self._worked.values())
        due = self._due + sum(min(worked, self.expected.get(name, worked)) for name, worked in self._worked.items())
        return max(1.0, spent / due) if due > SURE_AFTER else 1.0

    def _line(self, text: str) -> None:
        self._draw("")
        self._stream.write(text + "\n")
        self._stream.flush()
        self._spoke = time.monotonic()

    def _draw(self, text: str) -> None:
        if self._live:
            columns = shutil.get_terminal_size().columns - 1
            self._stream.write(f"\r\x1b[K{text[:columns]}")
            self._stream.flush()


def clock(seconds: float) -> str:
    """Seconds as a person reads them: 0.8 s, 42 s, 3 min 05 s, 1 h 02 min."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
