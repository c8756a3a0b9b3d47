"""Standard streams that break quietly: a full disk, a closed pipe or no output at all must not end the program."""

from __future__ import annotations

import atexit
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO, cast

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


_STANDARD_STREAMS: Final = 3
"""Descriptors 0, 1 and 2."""


def have_output() -> None:
    """Where a standard stream is closed, let nowhere be it.

    Its descriptor is taken, too: otherwise the next file that is opened gets it, and what is printed.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < _STANDARD_STREAMS:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for name in ("stdout", "stderr"):
        if not getattr(sys, name):
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - open until the end


def unbreakable_errors() -> None:
    """From here on standard error is unbreakable: a refusal that nobody can read keeps its exit code."""
    have_output()
    if not isinstance(sys.stderr, Unbreakable):
        sys.stderr = Unbreakable(sys.stderr)


def unbreakable_from_now() -> None:
    """To the end of the program both streams are unbreakable; what was lost is said once on standard error."""
    unbreakable_errors()
    guarded = Unbreakable(cast("TextIO", sys.stdout))
    sys.stdout = guarded
    atexit.register(_end, guarded)


@contextmanager
def unbreakable() -> Iterator[Unbreakable]:
    """Within the block ``sys.stdout`` is unbreakable; what was lost is said once on standard error."""
    unbreakable_errors()
    before = sys.stdout
    guarded = Unbreakable(before)
    sys.stdout = guarded
    try:
        yield guarded
    finally:
        sys.stdout = before
        _end(guarded)


def _end(guarded: Unbreakable) -> None:
    guarded.flush()
    if guarded.lost:
        sys.stderr.write(f"The output is lost: {guarded.lost}. The exit code is still valid.\n")


def write_out(text: str) -> None:
    """Write what the command was run for, as opposed to a message about it.

    Raises:
        OSError: standard output takes no more. Where its reader has left nothing is raised: that is no fault.
    """
    sys.stdout.write(text)
    sys.stdout.flush()
    if isinstance(sys.stdout, Unbreakable) and sys.stdout.lost:
        lost, sys.stdout.lost = sys.stdout.lost, ""
        raise OSError(errno.EIO, lost)
