"""The end of a fault's time: the process that made it undoes it, from a thread of its own, even where its run hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final

from pipeline_services.faults.journal import Entry
from pipeline_services.model.errors import PipelineError, PreconditionNotMet

FAULT_LIFETIME_S: Final = 900.0
"""Seconds for which a fault may be in force, unless it says otherwise; then any next run undoes it."""


class FaultExpired(PreconditionNotMet):
    """The fault's time was up before the run was done with it: it is undone, and nothing can be concluded."""


class Watchdog(AbstractContextManager["Watchdog"]):
    """Undoes the fault when its time is up within the block; the block then ends in an error.

    Args:
        undo: puts back what the fault changed; it is called once at most.
    """

    def __init__(self, entry: Entry, undo: Callable[[], None]) -> None:
        self._entry = entry
        self._undo = undo
        self._refused = ""
        self._timer = threading.Timer(max(0.0, entry.expires_at - time.time()), self._time_is_up)
        self._timer.daemon = True

    def __enter__(self) -> Watchdog:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raises FaultExpired where the time was up, unless somebody stops the run."""
        self._timer.cancel()
        self._timer.join()
        if self._entry.is_expired and (error is None or isinstance(error, Exception)):
            limit = self._entry.expires_at - self._entry.injected_at
            refused = f"; its undo was refused at first: {self._refused}" if self._refused else ""
            raise FaultExpired(
                f"the fault was undone after its {limit:.0f} s: {self._entry.summary}{refused}"
            ) from error

    def _time_is_up(self) -> None:
        try:
            self._undo()
        except PipelineError as error:  # it stays journaled: the end of the block tries again, or the next run does
            self._refused = error.message
