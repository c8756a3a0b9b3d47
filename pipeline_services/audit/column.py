"""Whole numbers in few bytes: what a ledger keeps of ten million readings has to fit into 300 MB. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Marks = NDArray[np.bool_]
BLOCK: Final = 65_536
"""Numbers that are packed together."""
_NARROW: Final = (np.uint8, np.uint16, np.uint32)
_STEEP: Final = 1 << 32
"""A step of more leads out of 64 bits within a block."""


@dataclass(frozen=True, slots=True)
class Block:
    """``length`` numbers: ``first``, and each by ``step`` more than the one before; with ``above``, each lies so much
    above that line.
    """

    first: int
    step: int
    length: int
    above: NDArray[Any] | None = None

    def unpacked(self) -> Numbers:
        numbers = self.first + self.step * np.arange(self.length, dtype=np.int64)
        if self.above is not None:
            numbers += self.above
        return numbers


class Column(Collection[int]):
    """Numbers of up to 64 bits, in the order they were added; any may be added again.

    Those that go up by an even step take no room, all others as many bytes as they stray from such a line, or as the
    range of their neighbours needs.
    """

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self._blocks: list[Block] = []
        self._tail: array[int] = array("q")
        for number in numbers:
            self.append(number)

    @classmethod
    def of_blocks(cls, blocks: Iterable[Block]) -> Column:
        """The column that had these blocks."""
        column = cls()
        column._blocks = list(blocks)
        return column

    @classmethod
    def of_array(cls, numbers: Numbers) -> Column:
        """The column of these numbers, made without a look at each."""
        return cls.of_blocks(_packed(numbers[at : at + BLOCK]) for at in range(0, len(numbers), BLOCK))

    def append(self, number: int) -> None:
        self._tail.append(number)
        if len(self._tail) == BLOCK:
            self._blocks.append(_packed(np.array(self._tail, dtype=np.int64)))
            self._tail = array("q")

    def blocks(self) -> list[Block]:
        """All of it, packed."""
        rest = np.array(self._tail, dtype=np.int64)
        return [*self._blocks, _packed(rest)] if len(rest) else list(self._blocks)

    def pieces(self) -> Iterator[Numbers]:
        """The numbers, some ten thousand at a time; columns filled side by side have equal pieces."""
        for block in self._blocks:
            yield block.unpacked()
        if self._tail:
            yield np.array(self._tail, dtype=np.int64)

    def __len__(self) -> int:
        return sum(block.length for block in self._blocks) + len(self._tail)

    def __iter__(self) -> Iterator[int]:
        for piece in self.pieces():
            yield from piece.tolist()

    def __contains__(self, number: object) -> bool:
        return any(bool(np.any(piece == number)) for piece in self.pieces())


def column(numbers: Collection[int]) -> Column:
    """The numbers as a column: as they are where they are one."""
    return numbers if isinstance(numbers, Column) else Column(sorted(numbers))


def but_not(marks: Marks, others: Marks) -> Marks:
    """The marks that are none of the others; ``marks & ~others`` makes a copy of the others on its way."""
    return np.greater(marks, others)


def narrowest(numbers: Column) -> type[np.signedinteger[Any] | np.unsignedinteger[Any]]:
    """The type that holds all of them in 4 bytes, else the one in 8; a CRC-32 takes 4."""
    limits = np.iinfo(np.uint32)
    fits = all(piece.min() >= limits.min and piece.max() <= limits.max for piece in numbers.pieces())
    return np.uint32 if fits else np.int64


def _packed(numbers: Numbers) -> Block:
    steps, first = np.diff(numbers), int(numbers[0])
    if not len(steps) or np.all(steps == steps[0]):
        return Block(first, int(steps[0]) if len(steps) else 0, len(numbers))
    even = round((int(numbers[-1]) - first) / len(steps))
    lines = {step: _around(numbers, step) for step in (0, even) if abs(step) < _STEEP}
    step = min(lines, key=lambda step: lines[step][1])
    low, span = lines[step]
    for kind in _NARROW:
        if span <= np.iinfo(kind).max:
            line = low + step * np.arange(len(numbers), dtype=np.int64)
            return Block(low, step, len(numbers), (numbers - line).astype(kind))
    return Block(0, 0, len(numbers), numbers)


def _around(numbers: Numbers, step: int) -> tuple[int, int]:
    """Where the lowest line of this step begins that none of the numbers lies below, and how far one lies above it."""
    strays = numbers - step * np.arange(len(numbers), dtype=np.int64)
    low, high = int(strays.min()), int(strays.max())
    return low, high - low


class Numbering:
    """Gives each number of some columns a place from 0 on, in order, so that an array can hold what is known of it."""

    def __init__(self, columns: Iterable[Column]) -> None:
        pieces = [piece for one in columns for piece in _ends(one)]
        count = sum(count for _, _, count in pieces)
        self._low = min((low for low, _, _ in pieces), default=0)
        span = max((high for _, high, _ in pieces), default=-1) - self._low + 1
        self._listed: Numbers | None = None
        if span > 2 * count + BLOCK:
            self._listed = np.unique(np.concatenate([piece for one in columns for piece in one.pieces()]))
        self.size = span if self._listed is None else len(self._listed)

    def places(self, numbers: Numbers) -> Numbers:
        """The places of numbers of these columns."""
        if self._listed is None:
            return numbers - self._low
        return np.searchsorted(self._listed, numbers).astype(np.int64)

    def numbers(self, chosen: Marks) -> list[int]:
        """The numbers at the places that are chosen, in order."""
        places = np.flatnonzero(chosen)
        found = places + self._low if self._listed is None else self._listed[places]
        return list(map(int, found))

    def marked(self, numbers: Column) -> Marks:
        """Which places have a number of this column."""
        marks = np.zeros(self.size, dtype=np.bool_)
        for piece in numbers.pieces():
            marks[self.places(piece)] = True
        return marks


def _ends(numbers: Column) -> Iterator[tuple[int, int, int]]:
    for piece in numbers.pieces():
        yield int(piece.min()), int(piece.max()), len(piece)
