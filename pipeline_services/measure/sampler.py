"""Samples a pipeline in the background, each kind of look on a thread of its own at its own interval."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TypeVar

from pipeline_services.measure.probes import Probes
from pipeline_services.measure.samples import Samples, SourceSample

T = TypeVar("T")
PODS_INTERVAL_S: Final = 0.25
STORED_INTERVAL_S: Final = 0.2
LAG_INTERVAL_S: Final = 0.5
SOURCE_INTERVAL_S: Final = 0.4
LAST_LOOK_TIMEOUT_S: Final = 15.0
"""How long the last look of each thread may take."""


class PeriodicSampler:
    """Calls what was added at its interval while the block runs.

    A look has to handle whatever may go wrong with the pipeline. Any other exception is a defect of the suite: its
    thread ends, and the block raises it when it ends without one of its own.
    """

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._defects: list[BaseException] = []

    def add(self, name: str, look: Callable[[], object], interval_s: float) -> None:
        """``look`` is called every ``interval_s``, from the start of the block on."""
        thread = threading.Thread(target=self._run, args=(look, interval_s), name=name, daemon=True)
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
            thread.join(LAST_LOOK_TIMEOUT_S)
        if error is None and self._defects:
            raise self._defects[0]

    def _run(self, look: Callable[[], object], interval_s: float) -> None:
        try:
            while not self._stop.is_set():
                look()
                self._stop.wait(interval_s)
        except BaseException as defect:  # noqa: BLE001 - kept, and raised where somebody hears it
            self._defects.append(defect)


class PipelineSampler(PeriodicSampler):
    """``samples`` grows while the block runs. Lists are only appended to, so they can be read at any time.

    Args:
        source: a look at the data source that a dashboard reads from; None where nobody asks for it.
    """

    def __init__(self, probes: Probes, source: Callable[[], SourceSample] | None = None) -> None:
        super().__init__()
        self.samples = Samples()
        self._sample("pods", probes.pods, self.samples.pods, PODS_INTERVAL_S)
        self._sample("stored", probes.stored, self.samples.stored, STORED_INTERVAL_S)
        self._sample("lag", probes.lag, self.samples.lag, LAG_INTERVAL_S)
        if source is not None:
            self._sample("source", source, self.samples.source, SOURCE_INTERVAL_S)

    def _sample(self, name: str, look: Callable[[], T], into: list[T], interval_s: float) -> None:
        self.add(f"sample {name}", lambda: into.append(look()), interval_s)
