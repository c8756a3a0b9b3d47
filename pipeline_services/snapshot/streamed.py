"""A large saved snapshot, read source by source: neither its text nor all that it holds is ever in memory at once."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from json import JSONDecoder
from pathlib import Path
from typing import IO, Any, Final

from pipeline_services.model.errors import UnexpectedAnswer
from pipeline_services.snapshot.bounds import SHRINKABLE, newer_half
from pipeline_services.snapshot.saved import GZIP, LARGE_BYTES, no_number, require_shape

CHUNK: Final = 8 << 20
"""Characters that are read at once; where a source is longer, it is tried again with twice as many."""
KEPT: Final = LARGE_BYTES * 3 // 2
"""Characters of lines and events to be kept, about: more than are left in the end."""
_PACKED: Final = 10
"""By how much gzip makes a snapshot smaller, about."""
_SPACE: Final = " \t\r\n"
_DECODER: Final = JSONDecoder(parse_constant=no_number)


def large_document(path: Path) -> dict[str, Any] | None:
    """The document in a file, without the older lines and events of which ``bounded`` would keep none.

    None where the file is not large, or not plainly a snapshot: what it is then, reading it whole says. A pipe, such as
    ``<(ssh jump cat snapshot.json)``, can be read only once, and is left to that.
    """
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            packed = file.read(len(GZIP)) == GZIP
        if path.stat().st_size * (_PACKED if packed else 1) <= LARGE_BYTES:
            return None
        opened: Callable[..., IO[str]] = gzip.open if packed else open
        with opened(path, "rt", encoding="utf-8") as text:
            return _document(_Text(text))
    except (OSError, EOFError, ValueError, RecursionError, zlib.error, UnexpectedAnswer):
        return None


class _Text:
    """The text of a file from where it is read to.

    Every method raises ValueError where something else comes, or the end.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._text, self._at, self._before = "", 0, 0

    @property
    def read(self) -> int:
        """How many characters were read over."""
        return self._before + self._at

    def sign(self, wanted: str) -> str:
        """Read over the next character, which has to be one of these."""
        self._skip_space()
        found = self._text[self._at]
        if found not in wanted:
            raise ValueError(f"{found} is none of {wanted}")
        self._at += 1
        return found

    def value(self) -> Any:
        """The next JSON value."""
        self._skip_space()
        while True:
            try:
                found, end = _DECODER.raw_decode(self._text, self._at)
            except ValueError:
                self._read_more()
            else:
                if end < len(self._text):  # else a number may go on
                    self._at = end
                    return found
                self._read_more()

    def members(self) -> Iterator[str]:
        """The names in a JSON object, each one's value to be read before the next is asked for."""
        self.sign("{")
        while True:
            name = self.value()
            if not isinstance(name, str):
                raise ValueError("no name")
            self.sign(":")
            yield name
            if self.sign(",}") == "}":
                return

    def _skip_space(self) -> None:
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return
            self._read_more()

    def _read_more(self) -> None:
        rest, self._before, self._at = self._text[self._at :], self.read, 0
        self._text = ""  # so that it is not there twice
        more = self._file.read(max(CHUNK, len(rest)))
        if not more:
            raise ValueError("the end")
        self._text = rest + more


def _document(text: _Text) -> dict[str, Any]:
    return {name: _answers(text) if name == "answers" else text.value() for name in text.members()}


def _answers(text: _Text) -> dict[str, Any]:
    """All sources, of the largest only the newer half wherever there are too many lines and events so far."""
    answers: dict[str, Any] = {}
    sizes: dict[str, int] = {}
    for source in text.members():
        before = text.read
        answers[source] = text.value()
        require_shape(source, answers[source])
        if source.startswith(SHRINKABLE):
            sizes[source] = text.read - before
        while sum(sizes.values()) > KEPT:
            largest = max(sizes, key=sizes.__getitem__)
            answers[largest] = newer_half(answers[largest])
            sizes[largest] //= 2
    return answers
