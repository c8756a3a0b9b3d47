"""What is done again and again in the background while a block runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

LAST_CALL_TIMEOUT_S: Final = 15.0
"""How long the last call of each thread may take."""


class PeriodicCalls:
    """Calls what was added at its interval while the block runs.

    A call has to handle whatever may go wrong with the pipeline. Any other exception is a defect of the suite: its
    thread ends, and the block raises it when it ends without one of its own.
    """

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._defects: list[BaseException] = []

    def add(self, name: str, call: Callable[[], object], interval_s: float) -> None:
        """``call`` is made every ``interval_s``, from the start of the block on."""
        thread = threading.Thread(target=self._run, args=(call, interval_s), name=name, daemon=True)
        self._threads.append(thread)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(LAST_CALL_TIMEOUT_S)
        if error is None and self._defects:
            raise self._defects[0]

    def _run(self, call: Callable[[], object], interval_s: float) -> None:
        try:
            while not self._stop.is_set():
                call()
                self._stop.wait(interval_s)
        except BaseException as defect:  # noqa: BLE001 - kept, and raised where somebody hears it
            self._defects.append(defect)
