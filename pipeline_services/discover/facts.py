"""What is known of a pipeline and where it is from: one fact for each key of the profile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pipeline_services.model.text import plural


class How(Enum):
    """How sure a fact is."""

    FOUND = "found"
    GUESSED = "guessed"
    FILL_IN = "fill in"


@dataclass(frozen=True, slots=True)
class Fact:
    """A key of the profile, its value, and what it was found by.

    Attributes:
        table: the path of the table that the key stands in; a number is the place in a list of tables.
    """

    table: tuple[str | int, ...]
    key: str
    value: Any
    how: How
    by: str

    @property
    def place(self) -> str:
        """``components.kafka.service``."""
        return ".".join(str(step) for step in (*self.table, self.key))

    @property
    def remark(self) -> str:
        """``found: Service kafka-service``."""
        return f"{self.how.value}: {self.by}"


@dataclass(slots=True)
class Facts:
    """Facts in the order of the file."""

    all: list[Fact] = field(default_factory=list)

    def found(self, table: str, key: str, value: Any, by: str) -> None:
        self._add(table, key, value, How.FOUND, by)

    def guessed(self, table: str, key: str, value: Any, by: str) -> None:
        self._add(table, key, value, How.GUESSED, by)

    def to_fill_in(self, table: str, key: str, by: str, value: Any = "") -> None:
        self._add(table, key, value, How.FILL_IN, by)

    def add(self, table: str, key: str, value: Any, by: str, *, sure: bool) -> None:
        """A fact that was found, or only guessed where that is not sure."""
        self._add(table, key, value, How.FOUND if sure else How.GUESSED, by)

    def extend(self, facts: Iterable[Fact]) -> None:
        self.all += facts

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.all)

    def _add(self, table: str, key: str, value: Any, how: How, by: str) -> None:
        steps = tuple(int(step) if step.isdigit() else step for step in table.split("/") if step)
        self.all.append(Fact(steps, key, value, how, by))

    def document(self) -> dict[str, Any]:
        """The profile that they make up, as a TOML parser returns it."""
        document: dict[str, Any] = {}
        for fact in self.all:
            _table(document, fact.table)[fact.key] = fact.value
        return document

    def summary(self) -> str:
        """``120 lines found, 20 guessed, 2 to be filled in``."""
        counts = {how: sum(1 for fact in self.all if fact.how is how) for how in How}
        found = plural(counts[How.FOUND], "line")
        return f"{found} found, {counts[How.GUESSED]} guessed, {counts[How.FILL_IN]} to be filled in"


def _table(document: dict[str, Any], steps: tuple[str | int, ...]) -> dict[str, Any]:
    table: Any = document
    for step, following in zip(steps, (*steps[1:], None), strict=False):
        if isinstance(step, int):
            while len(table) <= step:
                table.append({})
            table = table[step]
        else:
            table = table.setdefault(step, [] if isinstance(following, int) else {})
    return table  # type: ignore[no-any-return]
