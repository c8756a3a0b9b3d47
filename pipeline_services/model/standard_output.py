"""Standard output that breaks quietly: a full disk, a closed pipe or no output at all must not end the program."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO

GONE: Final = (errno.EPIPE, errno.EBADF)
"""The reader has left, as ``| head`` does, or there never was one: nobody to tell."""


class Unbreakable:
    """A text stream of which a failed write ends the writing and nothing else.

    Attributes:
        lost: why it takes no more, in words; empty while it does.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, or drop the text where the stream is broken."""
        try:
            self._stream.write(text)
        except OSError as error:
            self._give_up(error)
        return len(text)

    def flush(self) -> None:
        """Flush, or drop what is left where the stream is broken."""
        try:
            self._stream.flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        """Send what is still in the buffer, and what comes, nowhere: Python flushes once more at its end."""
        self.lost = "" if error.errno in GONE else str(error.strerror)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


def have_output() -> None:
    """Where standard output is closed, let nowhere be it."""
    if not sys.stdout:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - it stays open until the end


@contextmanager
def unbreakable() -> Iterator[Unbreakable]:
    """Within the block ``sys.stdout`` is unbreakable; what was lost is said once on standard error."""
    have_output()
    before = sys.stdout
    guarded = Unbreakable(before)
    sys.stdout = guarded
    try:
        yield guarded
    finally:
        guarded.flush()
        sys.stdout = before
        if guarded.lost and sys.stderr:
            sys.stderr.write(f"The output is lost: {guarded.lost}. The exit code is still valid.\n")
