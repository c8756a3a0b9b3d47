"""Signals while a fault is in force: a polite one ends the run through its ``finally`` blocks, none cuts an undo."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

POLITE: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def unwinding() -> Iterator[None]:
    """Within the block SIGTERM and SIGHUP do what Ctrl-C does: raise KeyboardInterrupt, so that faults are undone."""
    with _handled(_interrupt):
        yield


@contextmanager
def held_back() -> Iterator[None]:
    """Within the block the polite signals wait; the first one is raised as KeyboardInterrupt at its end."""
    came: list[int] = []
    with _handled(lambda number, _frame: came.append(number)):
        yield
    if came:
        raise KeyboardInterrupt(f"signal {came[0]} while a fault was being undone")


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt(f"signal {number}")


@contextmanager
def _handled(handler: object) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    before = {number: signal.signal(number, handler) for number in POLITE}  # type: ignore[arg-type]
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
