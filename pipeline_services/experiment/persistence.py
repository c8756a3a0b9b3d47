"""Persistent identity: what one pod of a StatefulSet has to keep over any restart, read and compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Final

from pipeline_services.clients.influxdb import Series
from pipeline_services.clients.kafka_broker import KafkaBroker
from pipeline_services.experiment.pipeline import SteadyPipeline
from pipeline_services.measure.probes import Probes, pod_seen
from pipeline_services.measure.samples import LagSample
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData
from pipeline_services.model.k8s import claims_of, name_of, uid_of, volume_of

COUNTED_SPAN_S: Final = 600.0
"""Before a scenario: its points are counted before and after it."""
IN_FLIGHT_S: Final = 5.0
"""After which no reading of before is still on its way, in steady state."""


@dataclass(frozen=True, slots=True)
class PersistentIdentity:
    """One pod of a StatefulSet.

    Attributes:
        pod: its name; ``incarnation`` its UID and containers, which a restart changes.
        claim, volume: the UID of its claim, the name of the volume bound to it.
        cluster_id: Kafka's; empty for another.
        committed: Kafka: by partition the group's committed offset.
        points: InfluxDB: how many of a span before the fault are stored.
    """

    pod: str
    incarnation: str
    claim: str
    volume: str
    cluster_id: str = ""
    committed: Mapping[int, int] = field(default_factory=dict)
    points: int | None = None


def changes(before: PersistentIdentity, after: PersistentIdentity) -> list[str]:
    """What a restart changed and has to keep, a line each. Pure."""
    same = (
        ("pod's name", before.pod, after.pod),
        ("claim's UID", before.claim, after.claim),
        ("volume", before.volume, after.volume),
        ("cluster id", before.cluster_id, after.cluster_id),
    )
    found = [f"the {what} was {old} and is {new}" for what, old, new in same if old != new]
    if before.incarnation == after.incarnation:
        found.append(f"{after.pod} is as it was, nothing was restarted: what it keeps was not tried")
    if before.points is not None and (after.points is None or after.points < before.points):
        found.append(f"of {before.points} points from before the fault {after.points} are left")
    return [*found, *_commits_not_continued(before.committed, after.committed)]


def _commits_not_continued(before: Mapping[int, int], after: Mapping[int, int]) -> Iterator[str]:
    if before and sum(after.values()) <= sum(before.values()):
        yield f"the group committed nothing since: {sum(before.values())} offsets before, {sum(after.values())} after"
    for number, offset in before.items():
        if after.get(number, 0) < offset:
            yield f"partition {number}: committed was {offset} and is {after.get(number, 'nothing')}"


def commits_gone_back(samples: Sequence[LagSample]) -> list[str]:
    """Every step back of a partition's committed offset, a line each: the group was reset, or lost its place. Pure."""
    known = [sample for sample in samples if not sample.error]
    return [
        f"partition {number}: committed went back from {offset} to {later.committed.get(number, 0)}"
        for earlier, later in pairwise(known)
        for number, offset in earlier.committed.items()
        if later.committed.get(number, 0) < offset
    ]


def read_identity(pipeline: SteadyPipeline, app: str, begin: float) -> PersistentIdentity:
    """The first pod of a StatefulSet now.

    Args:
        begin: when the scenario began, epoch seconds: what was stored up to then is counted.

    Raises:
        NoData: there is no such pod or claim, or nothing was stored before the scenario.
        PipelineError: the service does not answer.
    """
    pod = pipeline.pod(app)
    claim = _claim(pipeline, _claim_name(pod))
    seen = pod_seen(pod, pipeline.description)
    claimed = uid_of(claim), volume_of(claim)
    identity = PersistentIdentity(seen.name, seen.incarnation, *claimed)
    if app == roles.KAFKA:
        return _of_broker(identity, pipeline.probes)
    return replace(identity, points=_points(pipeline.probes, begin))


def _of_broker(identity: PersistentIdentity, probes: Probes) -> PersistentIdentity:
    topics = probes.pipeline.topics
    with KafkaBroker(probes.kafka_forward.port) as broker:
        cluster_id = broker.cluster_id()
        offsets = broker.offsets(topics.group, topics.readings, topics.partition_numbers)
    committed = {number: offset or 0 for number, offset in offsets.committed.items()}
    return replace(identity, cluster_id=cluster_id, committed=committed)


def _points(probes: Probes, begin: float) -> int:
    since, until = (int(moment * 1e9) for moment in (begin - COUNTED_SPAN_S, begin - IN_FLIGHT_S))
    return counted(probes.bucket.select("COUNT(sequence)", f"time >= {since} AND time < {until}"))


def counted(series: Sequence[Series]) -> int:
    """The one number in an answer to a count.

    Raises:
        NoData: it counted nothing, so that nothing could be missing later.
    """
    count = int(series[0].rows[0][1]) if series else 0
    if not count:
        raise NoData("InfluxDB has no point from before the fault, so none could be missed")
    return count


def _claim_name(pod: Mapping[str, Any]) -> str:
    claims = claims_of(pod)
    if not claims:
        raise NoData(f"{name_of(pod)} has no volume of its own")
    return claims[0]


def _claim(pipeline: SteadyPipeline, name: str) -> Mapping[str, Any]:
    for claim in pipeline.cluster.list("pvcs"):
        if name_of(claim) == name:
            return claim
    raise NoData(f"there is no claim {name}")
