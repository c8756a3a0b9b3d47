"""Signals while something has to be put right: a polite one ends the run through its ``finally`` blocks."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

POLITE: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def unwind_from_now() -> Callable[[], None]:
    """From now on SIGTERM and SIGHUP do what Ctrl-C does, and a second one nothing; returns what puts it back."""
    return handle_from_now(_interrupt_once)


def raise_from_now() -> None:
    """From now on each polite signal raises KeyboardInterrupt, which names it."""
    handle_from_now(_interrupt)


def ignore_from_now() -> None:
    """The program is on its way out: another Ctrl-C would only break into the last lines."""
    handle_from_now(signal.SIG_IGN)


@contextmanager
def unwinding() -> Iterator[None]:
    """Within the block SIGTERM and SIGHUP do what Ctrl-C does: raise KeyboardInterrupt, which names the signal."""
    with _handled(_interrupt):
        yield


@contextmanager
def held_back() -> Iterator[None]:
    """Within the block the polite signals wait; the first one is raised as KeyboardInterrupt at its end."""
    came: list[int] = []
    with _handled(lambda number, _frame: came.append(number)):
        yield
    if came:
        _interrupt(came[0], None)


def _interrupt_once(number: int, frame: FrameType | None) -> NoReturn:
    ignore_from_now()
    _interrupt(number, frame)


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt(name_of(number))


def name_of(number: int) -> str:
    """The signal as an operator knows it."""
    return "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name


@contextmanager
def _handled(handler: object) -> Iterator[None]:
    put_back = handle_from_now(handler)
    try:
        yield
    finally:
        put_back()


def handle_from_now(handler: object) -> Callable[[], None]:
    """From now on the polite signals go to ``handler``; returns what puts back how it was."""
    if threading.current_thread() is not threading.main_thread():
        return lambda: None  # signals are the main thread's
    before = {number: signal.signal(number, handler) for number in POLITE}  # type: ignore[arg-type]

    def put_back() -> None:
        for number, old in before.items():
            signal.signal(number, old)

    return put_back
