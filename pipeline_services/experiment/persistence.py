"""What a StatefulSet has to keep over any restart: its pod's name, its volume, its data, its place in it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pipeline_services.measure.samples import LagSample


@dataclass(frozen=True, slots=True)
class Kept:
    """What one pod of a StatefulSet stands on.

    Attributes:
        pod: its name; ``life`` its UID and containers, which a restart changes.
        claim, volume: the UID of its claim, the name of the volume bound to it.
        cluster_id: Kafka's; empty for another.
        committed: Kafka: by partition the group's committed offset.
        points: InfluxDB: how many of a span before the fault are stored.
    """

    pod: str
    life: str
    claim: str
    volume: str
    cluster_id: str = ""
    committed: Mapping[int, int] = field(default_factory=dict)
    points: int | None = None


def lost(before: Kept, after: Kept) -> list[str]:
    """What was not kept, a line each."""
    same = (
        ("pod's name", before.pod, after.pod),
        ("claim's UID", before.claim, after.claim),
        ("volume", before.volume, after.volume),
        ("cluster id", before.cluster_id, after.cluster_id),
    )
    found = [f"the {what} was {old} and is {new}" for what, old, new in same if old != new]
    if before.life == after.life:
        found.append(f"{after.pod} is as it was, nothing was restarted: what it keeps was not tried")
    if before.points is not None and (after.points is None or after.points < before.points):
        found.append(f"of {before.points} points from before the fault {after.points} are left")
    return [*found, *_not_gone_on(before.committed, after.committed)]


def _not_gone_on(before: Mapping[int, int], after: Mapping[int, int]) -> Iterator[str]:
    if before and sum(after.values()) <= sum(before.values()):
        yield f"the group committed nothing since: {sum(before.values())} offsets before, {sum(after.values())} after"
    for number, offset in before.items():
        if after.get(number, 0) < offset:
            yield f"partition {number}: committed was {offset} and is {after.get(number, 'nothing')}"


def went_back(samples: Sequence[LagSample]) -> list[str]:
    """Every step back of a partition's committed offset, a line each: the group was reset, or lost its place."""
    known = [sample for sample in samples if not sample.error]
    return [
        f"partition {number}: committed went back from {offset} to {later.committed.get(number, 0)}"
        for earlier, later in pairwise(known)
        for number, offset in earlier.committed.items()
        if later.committed.get(number, 0) < offset
    ]
