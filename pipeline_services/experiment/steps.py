"""The commands that a finding tells an operator to type: which of them only read, and what an answer is worth. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from pipeline_services.model.commands import changes, is_open_ended, keeps
from pipeline_services.triage.model import Diagnosis

_OF_MAKE: Final = re.compile(r"make(\[\d+\])?: \*\*\*")
"""How the line begins in which make says that a command of its own failed; the command's reason stands before it."""
_NOTHING: Final = ("No resources found", "<none>")


@dataclass(frozen=True, slots=True)
class Typed:
    """A command that was typed while its fault lasted. ``flaw`` is empty where its answer tells something."""

    command: str
    flaw: str = ""

    def __str__(self) -> str:
        return f"{self.command}: {self.flaw}" if self.flaw else self.command


Type = Callable[[Iterable[str]], tuple[Typed, ...]]
"""Types commands, each by itself."""


def reading(diagnosis: Diagnosis, components: Iterable[str]) -> list[str]:
    """The commands of the findings about these components that show something and end by themselves, each once."""
    about = frozenset(components)
    found = (step for one in diagnosis.findings if one.component in about for step in one.next)
    return [step for step in dict.fromkeys(found) if _shows(step)]


def _shows(step: str) -> bool:
    return not changes(step) and step.startswith("kubectl") and not is_open_ended(step) and not keeps(step)


def to_type(steps: Iterable[str]) -> list[str]:
    """The commands of a finding that end by themselves, in their order: what one keeps, the next may need."""
    return [step for step in steps if not is_open_ended(step)]


def restarts(step: str) -> bool:
    """Whether a command replaces pods and changes nothing else."""
    return " delete pod" in step or " rollout restart " in step


def flaw(code: int | None, output: str) -> str:
    """What is wrong with the answer to a command that reads: it ends with an error or never, or shows nothing."""
    said = output.strip()
    lines = [line for line in said.splitlines() if not _OF_MAKE.match(line)]
    last = lines[-1] if lines else ""
    if code is None:
        return "it does not end"
    if code != 0:
        return f"it ends with {code}: {last}"
    return "it shows nothing" if not said or said.startswith(_NOTHING) else ""
