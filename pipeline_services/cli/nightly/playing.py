"""Plays the steps one after the other, each as a process of its own, and never past the end of the time box."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pipeline_services.cli.nightly import results
from pipeline_services.cli.nightly.plan import NOTE, REPAIR, Step, expected_s
from pipeline_services.cli.nightly.results import State, StepResult
from pipeline_services.clients import shell
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.model.say import Say
from pipeline_services.model.signals import held_back
from pipeline_services.model.text import duration

GRACE_S: Final = 240.0
"""What a step that is stopped has to undo its fault and to write down what it found."""
LARGE: Final = ("index.html", "snapshot.json", "triage.json")
_REASONS: Final = ("REFUSED", "ERROR", "INTERNALERROR")
_USAGE: Final = "ERROR: usage:"
_REFUSED_OPTION: Final = ": error: "
"""How argparse says in its second line what was wrong; its first line only says what would be right."""


@dataclass(slots=True)
class Player:
    """One night's steps as they are played.

    Attributes:
        reports: the folder with the runs' own reports.
        folder: where this night's logs and results go.
        ends: the end of the time box, on the monotonic clock.
        durations: by step the seconds of earlier nights.
        done: what was played so far, whatever ends the night.
        stopped_by: Ctrl-C or the signal that ended it, or empty.
    """

    reports: Path
    folder: Path
    ends: float
    durations: Mapping[str, Sequence[float]]
    say: Say
    done: list[StepResult] = field(default_factory=list)
    stopped_by: str = ""
    grace_s: float = GRACE_S

    def play(self, steps: Sequence[Step]) -> None:
        """Play all that fit. A signal ends the night with what was found; what is left is named."""
        for step in steps:
            why = self._obstacle(step)
            self.say(f"{step.name}: {f'not run: {why}' if why else step.what}")
            self.done.append(StepResult(step.name, State.NOT_RUN, why=why) if why else self._result(step))
            if not why:
                self.say(f"  {told(self.done[-1])}")

    def _obstacle(self, step: Step) -> str:
        """Why the step cannot be played, or nothing."""
        repair = next((one for one in self.done if one.name == REPAIR), None)
        needed, left = expected_s(step, self.durations), self.ends - time.monotonic()
        if self.stopped_by:
            return f"the night was stopped by {self.stopped_by}"
        if step.needs_repaired and repair is not None and repair.code != 0:
            return "the cluster could not be repaired"
        if needed > left:
            return f"takes about {duration(needed)}, {duration(left)} are left of the time box"
        return ""

    def _result(self, step: Step) -> StepResult:
        """What came of it; a full disk, or a signal while the result is read, ends the step and not the night."""
        try:
            return self._played(step)
        except KeyboardInterrupt as error:
            self.stopped_by = str(error)
            return StepResult(step.name, State.STOPPED, why=f"by {error}")
        except OSError as error:
            return StepResult(step.name, State.STOPPED, why=f"by {error}")

    def _played(self, step: Step) -> StepResult:
        log, began, wall = self.folder / f"{step.name}.log", time.monotonic(), time.time()
        junit = self.folder / f"{step.name}.junit.xml"
        command = [*step.command, *([f"--junitxml={junit}"] if step.kind else [])]
        with log.open("wb") as out:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=REPOSITORY,
                start_new_session=True,
            )
            code, why = self._awaited(child)
        checks, recoveries, seen = results.read(self._kept(step, code, wall), junit)
        state = State.STOPPED if why else State.RAN
        text = log.read_text(encoding="utf-8", errors="replace")
        why = said_last(text) if code and not why and not checks else why
        return StepResult(step.name, state, code, time.monotonic() - began, why, checks, recoveries, notes(text), seen)

    def _awaited(self, child: subprocess.Popen[bytes]) -> tuple[int, str]:
        """The exit code, and why the process was stopped, or nothing where it came to its end."""
        try:
            return child.wait(max(0.0, self.ends - time.monotonic())), ""
        except subprocess.TimeoutExpired:
            return self._ended(child), "because the time box was over"
        except KeyboardInterrupt as error:
            self.stopped_by = str(error)
            return self._ended(child), f"by {self.stopped_by}"

    def _ended(self, child: subprocess.Popen[bytes]) -> int:
        """Ask the process to end, wait until it has undone its fault, and force it and its children in the end."""
        try:
            with held_back(), suppress(subprocess.TimeoutExpired):
                child.send_signal(signal.SIGINT)
                child.wait(self.grace_s)
        except KeyboardInterrupt as error:  # a further signal, while this one was seen to
            self.stopped_by = self.stopped_by or str(error)
        shell.end(child)
        return child.wait()

    def _kept(self, step: Step, code: int, since: float) -> Path:
        """Copies of what the run has written, what is large only where it is not green; returns the verdict's."""
        report, verdict = self.reports / step.kind, f"{step.kind}.json"
        names = {verdict: f"{step.name}.json", **({name: f"{step.name}.{name}" for name in LARGE} if code else {})}
        for name, kept in names.items():
            if step.kind and _is_newer(report / name, since):
                shutil.copyfile(report / name, self.folder / kept)
        return self.folder / f"{step.name}.json"


def told(result: StepResult) -> str:
    """A step in a few words."""
    counts = [one.outcome for one in result.checks.values()]
    found = ", ".join(f"{counts.count(word)} {word}" for word in dict.fromkeys(sorted(counts, reverse=True)))
    stopped = result.state is State.STOPPED
    ending = [f"stopped {result.why}"] if stopped else [f"exit code {result.code}", result.why]
    return "; ".join(filter(None, (*ending, found, duration(result.seconds))))


def said_last(log: str) -> str:
    """Why a step without a result ended: the line that says so, else the last one."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(_REASONS) and not line.startswith(_USAGE)]
    refused = [line for line in lines if _REFUSED_OPTION in line]
    return next(iter((*refused, *told)), lines[-1] if lines else "it said nothing")


def notes(log: str) -> tuple[str, ...]:
    """What the step says that it put right."""
    return tuple(line.removeprefix(NOTE) for line in log.splitlines() if line.startswith(NOTE))


def _is_newer(file: Path, since: float) -> bool:
    return file.is_file() and file.stat().st_mtime >= since
