"""Samples a pipeline while a scenario is played, each kind of look at its own pace."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final, TypeVar

from pipeline_services.measure.probes import Probes
from pipeline_services.measure.rounds import Rounds
from pipeline_services.measure.samples import Samples, SourceSample

T = TypeVar("T")
PODS_EVERY: Final = 0.25
STORED_EVERY: Final = 0.2
LAG_EVERY: Final = 0.5
SOURCE_EVERY: Final = 0.4


class Watch(AbstractContextManager["Watch"]):
    """``samples`` grows while the block runs. Lists are only appended to, so they can be read at any time.

    Args:
        source: a look at the data source that a dashboard reads from; None where nobody asks for it.
    """

    def __init__(self, probes: Probes, source: Callable[[], SourceSample] | None = None) -> None:
        self.samples = Samples()
        self._rounds = Rounds()
        self._add("pods", probes.pods, self.samples.pods, PODS_EVERY)
        self._add("stored", probes.stored, self.samples.stored, STORED_EVERY)
        self._add("lag", probes.lag, self.samples.lag, LAG_EVERY)
        if source is not None:
            self._add("source", source, self.samples.source, SOURCE_EVERY)

    def __enter__(self) -> Watch:
        self._rounds.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rounds.__exit__(kind, error, trace)

    def _add(self, name: str, look: Callable[[], T], into: list[T], every: float) -> None:
        self._rounds.add(f"watch {name}", lambda: into.append(look()), every)
