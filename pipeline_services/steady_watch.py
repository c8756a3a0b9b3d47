"""Samples a pipeline from threads of its own, each kind of look at its own pace, until it is told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final, TypeVar

from pipeline_services.steady_probes import Probes
from pipeline_services.steady_samples import Samples

T = TypeVar("T")
PODS_EVERY: Final = 0.25
STORED_EVERY: Final = 0.2
LAG_EVERY: Final = 0.5
END_WITHIN: Final = 10.0


class Watch(AbstractContextManager["Watch"]):
    """``samples`` grows while the block runs. Lists are only appended to, so they can be read at any time."""

    def __init__(self, probes: Probes) -> None:
        self._probes = probes
        self.samples = Samples()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Watch:
        self._start(self._probes.pods, self.samples.pods, PODS_EVERY)
        self._start(self._probes.stored, self.samples.stored, STORED_EVERY)
        self._start(self._probes.lag, self.samples.lag, LAG_EVERY)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(END_WITHIN)

    def _start(self, look: Callable[[], T], into: list[T], every: float) -> None:
        def run() -> None:
            while not self._stop.is_set():
                into.append(look())
                self._stop.wait(every)

        thread = threading.Thread(target=run, name=f"watch {look.__name__}", daemon=True)
        self._threads.append(thread)
        thread.start()
