"""A writer through all steps of a rotation: the longest time in which nothing was stored, and what was lost."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from pipeline_services.audit.audit import MIN_ACKNOWLEDGED, Audit, AuditReport
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.measure.probes import Probes
from pipeline_services.measure.sampler import STORED_INTERVAL_S
from pipeline_services.measure.samples import StoredSample, flowing_at, progress
from pipeline_services.model.errors import NoData
from pipeline_services.model.periodic import PeriodicCalls
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.waiting import wait_until

FLOWS_WITHIN_S: Final = 60.0
START: Final = "before the first step"


@dataclass(frozen=True, slots=True)
class Gap:
    """The longest time between two new stored readings: seconds, and the step in which it began."""

    seconds: float
    step: str


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of the readings that were written through a rotation."""

    gap: Gap
    report: AuditReport

    @property
    def written(self) -> int:
        """Readings that were acknowledged, the pipeline's own included."""
        return self.report.audit.acknowledged + self.report.own.acknowledged

    def findings(self, limit_s: float) -> list[str]:
        """What is wrong with that; a line each. ``limit_s``: of the longest gap, in seconds."""
        lines = [] if self.report.holds else [" ".join(str(self.report).split())]
        late = f"for {self.gap.seconds:.1f} s nothing was stored ({self.gap.step}); the limit is {limit_s:g} s"
        return [*lines, *([late] if self.gap.seconds > limit_s else [])]

    def __str__(self) -> str:
        lost = f"{self.report.lost} of {self.written} readings lost"
        return f"{lost}, longest gap {self.gap.seconds:.1f} s ({self.gap.step})"


@dataclass(slots=True)
class Writer:
    """Writes, and watches what is stored, while the block of ``writing`` runs."""

    probes: Probes
    audit: Audit
    stored: list[StoredSample]
    steps: list[tuple[float, str]] = field(default_factory=list)

    def mark(self, step: str) -> None:
        """From now on a step is under way."""
        self.steps.append((time.time(), step))

    def flows(self) -> bool:
        """Whether readings are being stored now."""
        return flowing_at(self.stored, time.time(), audit=True)

    def await_flow(self) -> None:
        """Wait until readings are stored. Raises WaitExpired where they are not."""
        wait_until(self.flows, within=FLOWS_WITHIN_S, what="readings to be stored")

    def carried(self) -> Carried:
        """End the writing, and judge it.

        Raises:
            WaitExpired: nothing is stored any more, or too little was acknowledged.
            PipelineError: Kafka or InfluxDB cannot be read.
        """
        self.await_flow()
        self.audit.producer.await_acknowledged(MIN_ACKNOWLEDGED)  # a rotation that goes on at its end takes a second
        times = progress(self.stored, audit=True)
        return Carried(longest_gap(times, self.steps), self.audit.reconcile())


def longest_gap(times: Sequence[float], steps: Sequence[tuple[float, str]]) -> Gap:
    """The longest time between two of the moments at which something new was stored, all in epoch seconds. Pure.

    Args:
        steps: when each began.

    Raises:
        NoData: there are no two moments.
    """
    if len(times) < 2:
        raise NoData("nothing was stored while the rotation ran")
    begin, end = max(pairwise(times), key=lambda pair: pair[1] - pair[0])
    return Gap(end - begin, next((step for at, step in reversed(steps) if at <= end), START))


@contextmanager
def writing(cluster: Cluster, pipeline: Pipeline) -> Iterator[Writer]:
    """Write numbered readings through Kafka while the block runs, and look several times a second what is stored.

    Raises:
        PipelineError: Kafka or InfluxDB is away.
    """
    with Probes.open(cluster, pipeline) as probes:
        stored: list[StoredSample] = []
        sampler = PeriodicCalls()
        sampler.add("sample stored", lambda: stored.append(probes.stored()), STORED_INTERVAL_S)
        with Audit.running(probes) as audit, sampler:
            yield Writer(probes, audit, stored)


def noted(at: float, carried: Carried, findings: Sequence[str]) -> dict[str, Any]:
    """What is noted of a rotation: when (epoch seconds), longest gap in seconds, readings, what was wrong. Pure."""
    return {
        "at": round(at),
        "gap_s": round(carried.gap.seconds, 2),
        "written": carried.written,
        "lost": carried.report.lost,
        "findings": list(findings),
    }
