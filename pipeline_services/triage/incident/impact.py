"""What a fault means for the readings: how many wait, whether that grows, how old the newest is, what is lost. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline_services.judgements.readings import newest_stored_age
from pipeline_services.model import roles
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.offsets import Offsets
from pipeline_services.model.pipeline import AT_LEAST_ONCE, AT_MOST_ONCE, Pipeline
from pipeline_services.model.text import duration
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.model import Finding

_DELIVERY: Final = {
    AT_LEAST_ONCE: (
        "What Kafka has acknowledged stays in Kafka until it is stored; what waits there is late, not lost"
    ),
    AT_MOST_ONCE: (
        "This pipeline does not promise that a reading which Kafka has acknowledged is stored: one whose write failed "
        "may be lost"
    ),
}
CURRENT: Final = 60.0
"""Seconds up to which the newest stored reading is as fresh as always."""


def impact(snapshot: Snapshot, findings: Sequence[Finding], last: Snapshot | None = None) -> list[tuple[str, str]]:
    """A label and a sentence each, the readings first; and how it was at the last look."""
    looks = {", when it was noticed": snapshot, " at the end": last} if last else {"": snapshot}
    rows = [
        *((f"Readings that wait in Kafka{when}", _waiting(one)) for when, one in looks.items()),
        *((f"Newest stored reading{when}", _newest(one)) for when, one in looks.items()),
        ("Readings lost", _lost(findings, snapshot.pipeline)),
    ]
    known = snapshot.pipeline.components
    components = dict.fromkeys(one.component for one in findings if one.component in known)
    return [*rows, *((f"While {name} is unhealthy", known[name].impact) for name in components)]


def _waiting(snapshot: Snapshot) -> str:
    """The consumer lag now, and how fast it grows between the two samples of the snapshot."""
    try:
        samples = snapshot.data("kafka_lag")
    except PipelineError as error:
        return f"not known: {error.message}"
    if not samples:
        return "not known: the lag was not sampled"
    first, last = Offsets.of(samples[0]), Offsets.of(samples[-1])
    lag, apart = last.lag, last.at - first.at
    if apart <= 0:
        return f"{lag}; whether it grows is not known, it was sampled once"
    growth = (lag - first.lag) / apart
    if abs(growth) < 0.5 or (lag == 0 and growth < 0):
        return f"{lag}, neither more nor less"
    if growth > 0:
        return f"{lag}, {growth:.1f} more each second"
    return f"{lag}, {-growth:.1f} fewer each second, so the backlog is gone in about {duration(lag / -growth)}"


def _newest(snapshot: Snapshot) -> str:
    try:
        age = newest_stored_age(snapshot)
    except PipelineError as error:
        return f"not known: {error.message}"
    return f"measured {duration(age)} before the snapshot" + ("" if age <= CURRENT else ": what came since is delayed")


def _lost(findings: Sequence[Finding], pipeline: Pipeline) -> str:
    """Only a ledger shows a loss, and there is none: this says what must hold."""
    text = f"not known: no ledger was kept of this time. {_DELIVERY[pipeline.delivery]}"
    causes = {one.cause.id for one in findings}
    suffering = set().union(*(one.affects | {one.component} for one in findings)) if findings else set()
    if causes & {"volume-missing", "volume-full"}:
        text += ". A volume is concerned: what was on it has to be counted before a loss can be ruled out"
    if roles.PRODUCER in suffering:
        text += ". Readings that no producer took or that Kafka did not acknowledge were never in the pipeline"
    if "poison-messages" in causes and pipeline.topics.dead_letters:
        text += f". Unreadable messages are in {pipeline.topics.dead_letters} and are not stored"
    return text
