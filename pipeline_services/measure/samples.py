"""What is sampled of a pipeline while something happens to it, and when it counts as steady. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pipeline_services.model.pipeline import Pipeline

RECENT_S: Final = 2.0
"""Seconds for which a sample is taken for the present."""
FRESH_AGE_S: Final = 2.0
"""Seconds that the newest stored reading may be old; in steady state it is about half a second."""
SLOW_FRESH_AGE_S: Final = 5.0
"""The same where producers send about one reading a second."""
DRAINED_LAG: Final = 300
"""Readings of lag which are no backlog: a few seconds of production, with the audit's own."""


def fresh_age_s(pipeline: Pipeline) -> float:
    """Seconds that the newest stored reading of a pipeline in steady state may be old."""
    return SLOW_FRESH_AGE_S if pipeline.message else FRESH_AGE_S


def drained_lag(pipeline: Pipeline) -> float:
    """Readings of lag which are no backlog: the pipeline's own level, where it has one."""
    own = pipeline.levels.get("consumer-lag")
    return DRAINED_LAG if own is None or own.warn is None else own.warn


@dataclass(frozen=True, slots=True)
class PodSeen:
    """One pod: ``incarnation`` changes with every new pod and every new container in it.

    ``app`` is the component that it belongs to, and empty for a pod of none.
    """

    name: str
    app: str
    incarnation: str
    ready: bool
    terminating: bool
    status: str
    restarts: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One look: when it was asked and answered (epoch seconds), and why there was no answer, if there was none."""

    asked: float
    answered: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class PodsSample(Sample):
    """All pods of the namespace."""

    pods: tuple[PodSeen, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredSample(Sample):
    """The newest stored event time (epoch seconds) of each producer's life."""

    newest: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LagSample(Sample):
    """What the consumer group has done and who is in it.

    Attributes:
        lag, end: the lag and the topic's end offsets, summed over the partitions.
        committed: by partition the committed offset.
        state: the group's, as Kafka names it.
        held: by member how many partitions it was given.
    """

    lag: int = 0
    end: int = 0
    committed: Mapping[int, int] = field(default_factory=dict)
    state: str = ""
    held: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceSample(Sample):
    """A dashboard's data source, as its own health call shows it: whether it works, and what it says."""

    works: bool = False
    message: str = ""


@dataclass(slots=True)
class Samples:
    """Everything sampled so far, oldest first."""

    pods: list[PodsSample] = field(default_factory=list)
    stored: list[StoredSample] = field(default_factory=list)
    lag: list[LagSample] = field(default_factory=list)
    source: list[SourceSample] = field(default_factory=list)


def component_ready(pods: Sequence[PodSeen], app: str, at_least: int = 1) -> bool:
    """Enough pods of the app are ready, and every one that is not on its way out is."""
    standing = [pod for pod in pods if pod.app == app and not pod.terminating]
    return len(standing) >= at_least and all(pod.ready for pod in standing)


def newest_of(sample: StoredSample, *, audit: bool) -> float | None:
    """The newest event time among the audit's readings, or among the pipeline's own."""
    times = [at for producer, at in sample.newest.items() if producer.startswith(AUDIT_PREFIX) == audit]
    return max(times, default=None)


AUDIT_PREFIX: Final = "audit-"
"""What the producer_id of every audit starts with."""
AUDIT_RATE_PER_S: Final = 40.0
"""Readings per second: twice the pipeline's own, so that a loss of a fraction of a second shows."""


def progress(samples: Sequence[StoredSample], *, audit: bool) -> list[float]:
    """When (answered) a sample showed a newer reading than all before it."""
    best, times = 0.0, []
    for sample in samples:
        newest = None if sample.error else newest_of(sample, audit=audit)
        if newest is not None and newest > best:
            best = newest
            times.append(sample.answered)
    return times


def flowing_at(samples: Sequence[StoredSample], moment: float, *, audit: bool) -> bool:
    """Whether new readings were being stored at ``moment``: the last sample before it is recent and answered, and the
    newest reading that it shows is fresh.
    """
    recent = [sample for sample in samples if moment - RECENT_S <= sample.answered <= moment]
    if not recent or recent[-1].error:
        return False
    newest = newest_of(recent[-1], audit=audit)
    return newest is not None and moment - newest <= FRESH_AGE_S
