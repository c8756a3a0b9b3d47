"""What is built from what: steps, the content keys of their outputs, and what is left to do for a goal."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Final

FETCH: Final = "fetch"
COMPILE: Final = "compile"
"""A download waits and a linker keeps one processor busy, so each lane has room for two."""
ROOM: Final = {FETCH: 2, COMPILE: 2}
KEY_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class Job:
    """What a step gets to work with: keys of its own output and of those it needs, a log, a throw-away folder."""

    step: str
    key: str
    inputs: Mapping[str, str]
    log: Path
    work: Path


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One piece of work with one output.

    Attributes:
        lane: FETCH for what waits for the network or the disk, COMPILE for what keeps the processors busy.
        seconds: how long it takes on 2 cores, for the first estimate.
        done: whether the output with this key is there; must be cheap.
        run: makes the output, all of it or nothing.
        needs: steps whose outputs it uses.
        after: steps that go first where both are to run, because this one finds half its work done then.
        files: recipe files; their names and contents are part of the key.
        salt: versions and flags that are part of the key.
        tool: a tool serves a step but is no part of its output, so it is left out of the keys.
    """

    name: str
    lane: str
    seconds: float
    done: Callable[[str], bool]
    run: Callable[[Job], None]
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    salt: tuple[str, ...] = ()
    tool: bool = False

    @property
    def before(self) -> tuple[str, ...]:
        """The steps that end before this one starts, where they run at all."""
        return (*self.needs, *self.after)


@dataclass(slots=True)
class Graph:
    """All steps by name; keys are worked out once."""

    steps: Mapping[str, Step]
    _keys: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, steps: Iterable[Step]) -> Graph:
        """Put steps together.

        Raises:
            ValueError: two steps share a name, one needs a step that is not there, or they wait for each other.
        """
        known: dict[str, Step] = {}
        for step in steps:
            if step.name in known:
                raise ValueError(f"two steps are called {step.name}")
            known[step.name] = step
        for step in known.values():
            missing = [before for before in step.before if before not in known]
            if missing:
                raise ValueError(f"{step.name} needs {', '.join(missing)}, which is no step")
        return cls({name: known[name] for name in sorter(known.values()).static_order()})

    def key(self, name: str) -> str:
        """The content key of a step's output: the same inputs give the same key on every machine."""
        if name not in self._keys:
            self._keys[name] = self._digest(self.steps[name])
        return self._keys[name]

    def _digest(self, step: Step) -> str:
        digest = hashlib.sha256(step.name.encode())
        for word in step.salt:
            digest.update(f"\0salt {word}".encode())
        for path in step.files:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"\0file {path.name} {content}".encode())
        for need in step.needs:
            if not self.steps[need].tool:
                digest.update(f"\0need {need} {self.key(need)}".encode())
        return digest.hexdigest()[:KEY_DIGITS]

    def is_done(self, name: str) -> bool:
        """Whether the output of a step, as the recipes are now, is there."""
        return self.steps[name].done(self.key(name))

    def left(self, goals: Iterable[str]) -> list[Step]:
        """The steps still to run for these goals, in an order in which they could run.

        What only serves outputs that are there already is not asked for.
        """
        wanted: set[str] = set()
        open_goals = list(goals)
        while open_goals:
            name = open_goals.pop()
            if name in wanted or self.is_done(name):
                continue
            wanted.add(name)
            open_goals.extend(self.steps[name].needs)
        return [step for step in self.steps.values() if step.name in wanted]


def sorter(steps: Collection[Step]) -> TopologicalSorter[str]:
    """The order among these steps alone."""
    names = {step.name for step in steps}
    return TopologicalSorter({step.name: [name for name in step.before if name in names] for step in steps})


def files_in(folder: Path, *, only: Callable[[Path], bool]) -> tuple[Path, ...]:
    """The files under a folder that ``only`` accepts, in a fixed order."""
    return tuple(sorted(path for path in folder.rglob("*") if path.is_file() and only(path)))
