"""Lines for whoever waits: what a command does is said while it does it."""

from __future__ import annotations

from collections.abc import Callable

Say = Callable[[str], None]


def say_at_once(line: str) -> None:
    """A line on the standard output, whatever that is."""
    print(line, flush=True)
