"""Whether the names of the app's peers resolve, as a metric: DNS fails apart from what it names."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from functools import partial

from prometheus_client import CollectorRegistry, Gauge

EVERY = 3.0  # seconds between two look-ups
STALE_AFTER = 10.0  # a look-up that hangs this long has failed


class NamesLookup:
    """Looks each name up every few seconds, each on its own daemon thread, and exports ``conveyor_name_resolves``."""

    def __init__(
        self,
        names: tuple[str, ...],
        registry: CollectorRegistry,
        resolve: Callable[[str], object] = lambda name: socket.getaddrinfo(name, None),
    ) -> None:
        self._resolve = resolve
        self._resolved_at: dict[str, float | None] = dict.fromkeys(names)
        gauge = Gauge(
            "conveyor_name_resolves", "1 while the name resolves inside this pod, else 0", ["name"], registry=registry
        )
        for name in names:
            gauge.labels(name).set_function(partial(self.resolves, name))

    def start(self) -> None:
        """Begin to look up, for as long as the process lives."""
        for name in self._resolved_at:
            threading.Thread(target=self._run, args=(name,), name=f"lookup {name}", daemon=True).start()

    def resolves(self, name: str) -> float:
        """1.0 if the name was resolved within the last seconds, else 0.0."""
        at = self._resolved_at[name]
        return 1.0 if at is not None and time.monotonic() - at <= STALE_AFTER else 0.0

    def look_up(self, name: str) -> None:
        """Look one name up and remember how it went."""
        try:
            self._resolve(name)
        except OSError:
            self._resolved_at[name] = None
        else:
            self._resolved_at[name] = time.monotonic()

    def _run(self, name: str) -> None:
        pause = threading.Event()
        while True:
            self.look_up(name)
            pause.wait(EVERY)
