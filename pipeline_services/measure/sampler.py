"""Samples a pipeline in the background, each kind of look on a thread of its own at its own interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from pipeline_services.measure.probes import Probes
from pipeline_services.measure.samples import Samples, SourceSample
from pipeline_services.model.periodic import PeriodicCalls

T = TypeVar("T")
PODS_INTERVAL_S: Final = 0.25
STORED_INTERVAL_S: Final = 0.2
LAG_INTERVAL_S: Final = 0.5
SOURCE_INTERVAL_S: Final = 0.4


class PipelineSampler(PeriodicCalls):
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
