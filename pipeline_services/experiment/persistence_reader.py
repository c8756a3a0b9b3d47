"""Reads what a StatefulSet has to keep, from the cluster and from the service itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pipeline_services.clients.kafka_broker import KafkaBroker
from pipeline_services.experiment.persistence import Kept
from pipeline_services.experiment.pipeline import SteadyPipeline
from pipeline_services.measure.probes import Probes, pod_seen
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, UnexpectedAnswer

SPAN: Final = 600.0
"""Seconds before a scenario whose points are counted before and after it."""
SETTLED: Final = 5.0
"""Seconds after which no reading of before is still on its way, in steady state."""


def read_kept(pipeline: SteadyPipeline, app: str, begin: float) -> Kept:
    """What the first pod of a StatefulSet stands on now.

    Args:
        begin: when the scenario began, epoch seconds: what was stored up to then is counted.

    Raises:
        NoData: there is no such pod or claim, or nothing was stored before the scenario.
        PipelineError: the service does not answer.
    """
    pod = pipeline.pod(app)
    claim = _claim(pipeline, _claim_name(pod))
    seen = pod_seen(pod, pipeline.description)
    kept = Kept(seen.name, seen.life, str(claim["metadata"]["uid"]), str(claim["spec"]["volumeName"]))
    if app == roles.KAFKA:
        return _with_kafkas(kept, pipeline.probes)
    return Kept(kept.pod, kept.life, kept.claim, kept.volume, points=_points(pipeline.probes, begin))


def _with_kafkas(kept: Kept, probes: Probes) -> Kept:
    topics = probes.pipeline.topics
    with KafkaBroker(probes.kafka_forward.port) as broker:
        cluster_id = broker.cluster_id()
        offsets = broker.offsets(topics.group, topics.readings, topics.partition_numbers)
    committed = {number: offset or 0 for number, offset in offsets.committed.items()}
    return Kept(kept.pod, kept.life, kept.claim, kept.volume, cluster_id, committed)


def _points(probes: Probes, begin: float) -> int:
    since, until = (int(moment * 1e9) for moment in (begin - SPAN, begin - SETTLED))
    store = probes.pipeline.store
    statement = f"SELECT COUNT(sequence) FROM {store.measurement} WHERE time >= {since} AND time < {until}"
    query = {"db": store.bucket, "epoch": "ns", "q": statement}
    return counted(probes.influx.ask_json("/query", query, headers=probes.authorization))


def counted(answer: Any) -> int:
    """The one number in an InfluxQL answer.

    Raises:
        NoData: it counted nothing, so that nothing could be missing later.
        UnexpectedAnswer: it is no such answer.
    """
    try:
        series = answer["results"][0].get("series") or []
        count = int(series[0]["values"][0][1]) if series else 0
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise UnexpectedAnswer(f"InfluxDB's count cannot be read: {error}") from error
    if not count:
        raise NoData("InfluxDB has no point from before the fault, so none could be missed")
    return count


def _claim_name(pod: Mapping[str, Any]) -> str:
    for volume in pod["spec"].get("volumes") or ():
        if "persistentVolumeClaim" in volume:
            return str(volume["persistentVolumeClaim"]["claimName"])
    raise NoData(f"{pod['metadata']['name']} has no volume of its own")


def _claim(pipeline: SteadyPipeline, name: str) -> Mapping[str, Any]:
    for claim in pipeline.cluster.list("pvcs"):
        if claim["metadata"]["name"] == name:
            return claim
    raise NoData(f"there is no claim {name}")
