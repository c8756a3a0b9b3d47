"""SIGTERM and SIGINT as something a loop can wait for."""

from __future__ import annotations

import os
import select
import signal


class Stop:
    """Set by a signal. A pipe, not a ``threading.Event``: an event that is set by a signal's handler while the same
    thread is inside its ``wait`` can dead-lock.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self.requested = False

    def on_signals(self) -> Stop:
        """React to SIGTERM and SIGINT from now on. Call in the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.request())
        return self

    def request(self) -> None:
        """Ask the loop to end."""
        if not self.requested:
            self.requested = True
            os.write(self._write, b"x")

    def wait(self, seconds: float) -> bool:
        """Wait this long or until a stop is requested; whether it is."""
        if not self.requested:
            select.select([self._read], [], [], max(0.0, seconds))
        return self.requested
