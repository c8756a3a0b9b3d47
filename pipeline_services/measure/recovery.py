"""The recovery clock: from samples to the moments of a recovery, each with its sampling error. Pure.

Recovery time is from the fault's landing to the first of ``CONSECUTIVE_SAMPLES`` steady samples; draining the backlog
is timed apart. Where a fault does not heal by itself the clock starts when its cause was taken away.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Final, TypeVar

from pipeline_services.measure.samples import (
    DRAINED_LAG,
    PodSeen,
    PodsSample,
    Sample,
    Samples,
    StoredSample,
    component_ready,
    flowing_at,
    progress,
)

S = TypeVar("S", bound=Sample)

CONSECUTIVE_SAMPLES: Final = 12
"""Steady samples in a row, 0.25 s apart, which span more than the stored readings take to go stale."""
STALL_S: Final = 1.5
"""Seconds without a newer stored reading that count as an interruption."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Seconds after the clock's start, and by how much the true moment may have been earlier."""

    after: float
    error: float

    def __str__(self) -> str:
        return f"{self.after:.1f} s (-{self.error:.1f})"


@dataclass(frozen=True, slots=True)
class Recovery:
    """The clock's readings; None for what was not seen.

    Attributes:
        start: when the clock started, epoch seconds.
        ready: the component's pods, none of them a victim, were ready.
        flowing: the first new reading was stored after the last interruption; 0 where there was none.
        recovered: the first of the consecutive steady samples.
        drained: the backlog was gone.
        interrupted: seconds of the longest time without a new reading; infinite where it did not end.
        peak_lag: readings.
    """

    start: float
    ready: Moment | None
    flowing: Moment | None
    recovered: Moment | None
    drained: Moment | None
    interrupted: float
    peak_lag: int

    def to_dict(self) -> dict[str, Any]:
        """For JSON, which has no infinity: a stall without an end is null."""
        return {**asdict(self), "interrupted": self.interrupted if math.isfinite(self.interrupted) else None}


@dataclass(frozen=True, slots=True)
class ExpectedComponent:
    """The component that has to recover: so many pods, none of which is one of the ``victims`` (their incarnations).

    ``audit``: whose readings show the flow, the audit's or the pipeline's own producers'.
    """

    component: str
    replicas: int = 1
    victims: frozenset[str] = frozenset()
    audit: bool = False


def measure(samples: Samples, start: float, expected: ExpectedComponent) -> Recovery:
    """Read the clock as far as the samples go."""
    recovered = _recovered(samples, start, expected)
    until = start + recovered.after if recovered else None
    stalls = interruptions(samples.stored, start, until, audit=expected.audit)
    lags = [sample for sample in samples.lag if sample.answered >= start and not sample.error]
    drained_from = max((end for _, end in stalls), default=start)
    return Recovery(
        start=start,
        ready=_first(samples.pods, start, lambda sample: is_ready_again(sample, expected)),
        flowing=_flowing(samples.stored, start, stalls),
        recovered=recovered,
        drained=_first(samples.lag, drained_from, lambda sample: sample.lag <= DRAINED_LAG, start),
        interrupted=max((end - begin for begin, end in stalls), default=0.0),
        peak_lag=max((sample.lag for sample in lags), default=0),
    )


def is_ready_again(sample: PodsSample, expected: ExpectedComponent) -> bool:
    """Whether the component is ready without any of the victims."""
    ready = component_ready(sample.pods, expected.component, expected.replicas)
    return ready and not any(_is_victim(pod, expected) for pod in sample.pods)


def _is_victim(pod: PodSeen, expected: ExpectedComponent) -> bool:
    return not pod.terminating and pod.incarnation in expected.victims


def interruptions(
    samples: Sequence[StoredSample], start: float, until: float | None, *, audit: bool
) -> list[tuple[float, float]]:
    """The times of more than ``STALL_S`` seconds without a newer reading that end after ``start``, as (from, to).

    One that has not ended by the last sample is open: it ends at infinity unless ``until`` is known. Where no reading
    was seen at all, it is open from ``start``.
    """
    times = progress([sample for sample in samples if until is None or sample.answered <= until + STALL_S], audit=audit)
    stalls = [(one, two) for one, two in pairwise(times) if two - one > STALL_S and two > start]
    last = max((sample.answered for sample in samples), default=start)
    newest = times[-1] if times else start
    if until is None and (not times or last - newest > STALL_S):
        stalls.append((newest, float("inf")))
    return stalls


def _recovered(samples: Samples, start: float, expected: ExpectedComponent) -> Moment | None:
    looks = [sample for sample in samples.pods if sample.answered >= start]
    run: list[PodsSample] = []
    for look in looks:
        steady = not look.error and is_ready_again(look, expected) and _flows(samples.stored, look.answered, expected)
        run = [*run, look] if steady else []
        if len(run) >= CONSECUTIVE_SAMPLES:
            return moment_of(samples.pods, run[0], start)
    return None


def _flows(stored: Sequence[StoredSample], moment: float, expected: ExpectedComponent) -> bool:
    """As ``flowing_at``, on the few samples that matter for one moment."""
    end = bisect_right(stored, moment, key=lambda sample: sample.answered)
    return flowing_at(stored[max(0, end - 24) : end], moment, audit=expected.audit)


def _flowing(samples: Sequence[StoredSample], start: float, stalls: Sequence[tuple[float, float]]) -> Moment | None:
    if not stalls:
        return Moment(0.0, 0.0)
    end = stalls[-1][1]
    sample = next((one for one in samples if one.answered == end), None)
    return moment_of(samples, sample, start) if sample else None


def _first(samples: Sequence[S], since: float, shows: Callable[[S], bool], start: float | None = None) -> Moment | None:
    found = next((one for one in samples if one.answered >= since and not one.error and shows(one)), None)
    return moment_of(samples, found, since if start is None else start) if found else None


def moment_of(samples: Sequence[S], sample: S, start: float) -> Moment:
    """The moment of a sample, in seconds after ``start``; what it shows may be as old as the question before it."""
    index = bisect_left(samples, sample.answered, key=lambda one: one.answered)
    before = samples[index - 1].asked if index else sample.asked
    return Moment(max(0.0, sample.answered - start), max(0.0, sample.answered - max(before, start)))
