"""Looks that are taken again and again, each from a thread of its own at its own pace, while something else happens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final

END_WITHIN: Final = 15.0
"""Seconds that the last look of each round may take."""


class Rounds(AbstractContextManager["Rounds"]):
    """Calls what was added, as often as its pace allows, while the block runs.

    A look has to keep what may go wrong with the pipeline to itself. Any other exception is a defect of the suite: the
    round that met it ends, and the block raises it when it ends without one of its own.
    """

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._defects: list[BaseException] = []

    def add(self, name: str, look: Callable[[], object], every: float) -> None:
        """``look`` is called ``every`` seconds, from the start of the block on."""
        thread = threading.Thread(target=self._run, args=(look, every), name=name, daemon=True)
        self._threads.append(thread)

    def __enter__(self) -> Rounds:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(END_WITHIN)
        if error is None and self._defects:
            raise self._defects[0]

    def _run(self, look: Callable[[], object], every: float) -> None:
        try:
            while not self._stop.is_set():
                look()
                self._stop.wait(every)
        except BaseException as defect:  # noqa: BLE001 - kept, and raised where somebody hears it
            self._defects.append(defect)
