"""The commands that RUNBOOK.md tells an operator to type, and what it says that they show. Pure.

The notation: in a table the column *Command* and beside it *Healthy*; in a block of commands a line ``# healthy: …`` or
``# undo: …`` under the command. In what is healthy, every span of code has to be in the command's output, unless the
word before it is "no": then it must not be. "Fails" says that the command ends with an error where all is well, "no
output" that it may print nothing. A block that begins with ``# changes:`` changes the cluster, and a test types it in
the failure that it is for. A block that begins with ``# by hand:`` changes what no test may change: somebody's data, a
limit, a cluster that is not the suite's own. What the source said is quoted in a column of that name and is not for
typing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from pipeline_services.model.commands import is_open_ended
from pipeline_services.reporting.runbook import generated, markdown, runbook

CHANGES: Final = "# changes:"
BY_HAND: Final = "# by hand:"
QUOTED: Final = "The source says"
COMMAND: Final = "Command"
HEALTHY: Final = "Healthy"
PROGRAMS: Final = ("kubectl ", "make ", "python -m ", "pytest -", "export ")
_SPAN: Final = re.compile(r"(?:\b(no) )?`([^`]+)`")
_GAP: Final = re.compile(r"<([a-z]+)>")
_DEPRECATED: Final = re.compile(r"^Warning: .*deprecated", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        text: as it is pasted.
        section: the anchor of the section it stands in.
        block: which block of changes of that section it stands in, from 1; 0 for one that only reads.
        shows, hides: what its output has and has not got where all is well.
        fails: it ends with an error where all is well.
        silent: it may print nothing where all is well ("no output").
        told: whether the text has words that its output is held to; None where it only mentions the command.
        undo: the command that takes it back, or why there is none.
        by_hand: it stands in a block of changes that no test types.
    """

    text: str
    section: str
    block: int = 0
    shows: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    fails: bool = False
    silent: bool = False
    told: bool | None = None
    undo: str = ""
    by_hand: bool = False

    @property
    def changes(self) -> bool:
        """It stands in a block of changes."""
        return self.block > 0 or self.by_hand

    @property
    def open_ended(self) -> bool:
        """It goes on until somebody stops it."""
        return is_open_ended(self.text)

    @property
    def gaps(self) -> frozenset[str]:
        """What is to be filled in, ``<pod>`` for one."""
        return frozenset(_GAP.findall(self.text))

    def filled(self, values: Mapping[str, str]) -> str:
        """The text with its gaps filled. Raises KeyError where one of them has no value."""
        return _GAP.sub(lambda gap: values[gap[1]], self.text)

    @property
    def reads(self) -> bool:
        """It asks the cluster and changes nothing."""
        return self.text.startswith("kubectl ") and not self.changes

    def flaws(self, code: int | None, output: str) -> list[str]:
        """What of an answer is not as the text says; ``code`` is None for a command that was stopped."""
        wrong = [f"the output has no {word!r}" for word in self.shows if word not in output]
        wrong += [f"the output has {word!r}" for word in self.hides if word in output]
        if code is not None and (code != 0) != self.fails:
            wrong.append(f"the exit code is {code}")
        if not output.strip() and not self.silent:
            wrong.append("there is no output")
        if _DEPRECATED.search(output):
            wrong.append("it is deprecated")
        return wrong


@dataclass(slots=True)
class _Reader:
    """Walks over the lines of one section."""

    section: str
    found: list[Command] = field(default_factory=list)
    blocks: int = 0
    changing: bool = False
    by_hand: bool = False

    def read(self, lines: Sequence[str]) -> list[Command]:
        head: list[str] = []
        fence = ""
        for line in lines:
            if line.startswith("```"):
                fence, head = "" if fence else line[3:] or "text", []
                self.changing = self.by_hand = False
            elif fence == "bash":
                self._in_block(line)
            elif not fence:
                row = markdown.cells(line)
                if row and head:
                    self._in_table(dict(zip(head, row, strict=False)))
                elif not row:
                    self._inline(line)
                head = (head or row) if row else []
        return self.found

    def _in_block(self, line: str) -> None:
        if line.startswith(CHANGES):
            self.changing = True
            self.blocks += 1
        elif line.startswith(BY_HAND):
            self.by_hand = True
        elif line.startswith("# healthy: "):
            self.found[-1] = expecting(self.found[-1], line)
        elif line.startswith("# undo: "):
            self.found[-1] = replace(self.found[-1], undo=line.removeprefix("# undo: "))
        elif line and not line.startswith("#"):
            number = self.blocks if self.changing else 0
            told = None if number or self.by_hand else False
            self.found.append(Command(line, self.section, number, told=told, by_hand=self.by_hand))

    def _in_table(self, row: Mapping[str, str]) -> None:
        for column, cell in row.items():
            before = len(self.found)
            if column != QUOTED:
                self._inline(cell)
            if column == COMMAND and row.get(HEALTHY):
                self.found[before:] = [expecting(one, row[HEALTHY]) for one in self.found[before:]]

    def _inline(self, text: str) -> None:
        for _, span in _SPAN.findall(text):
            if span.startswith(PROGRAMS):
                self.found.append(Command(span, self.section))


def expecting(command: Command, healthy: str) -> Command:
    """The command with what a text says of its healthy output."""
    spans = _SPAN.findall(healthy)
    return replace(
        command,
        shows=tuple(span for no, span in spans if not no),
        hides=tuple(span for no, span in spans if no),
        fails="fails" in healthy.split(),
        silent="no output" in healthy,
        told=bool(spans),
    )


def commands(text: str) -> list[Command]:
    """All commands of the runbook's text, in its order; none of what is written from code."""
    return [command for anchor, lines in bodies(generated.blanked(text)) for command in _Reader(anchor).read(lines)]


def changes(text: str) -> dict[tuple[str, int], list[Command]]:
    """The blocks that change the cluster, by section and number."""
    blocks: dict[tuple[str, int], list[Command]] = {}
    for command in commands(text):
        if command.block:
            blocks.setdefault((command.section, command.block), []).append(command)
    return blocks


def recovery_checks(text: str, section: str) -> list[str]:
    """The checks that a section wants green before it calls the pipeline recovered."""
    body = "\n".join(dict(bodies(text))[section])
    told = body.partition("**Recovered when**")[2].partition("scalate")[0]
    return re.findall(r"`(test_[^`]+)`", told)


def bodies(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each section's anchor and its own lines, those of its sub-sections not among them; "" is what is before all."""
    lines = text.splitlines()
    starts = [("", 0), *((section.anchor, section.line + 1) for section in runbook.sections(text).values())]
    for (anchor, start), (_, end) in pairwise([*starts, ("", len(lines) + 1)]):
        yield anchor, lines[start : end - 1]
