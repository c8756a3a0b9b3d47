"""What a StatefulSet has to keep: each thing that may be another after a restart is told."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline_services.clients.influxdb import Series
from pipeline_services.experiment import persistence
from pipeline_services.experiment.persistence import (
    COUNTED_SPAN_S,
    IN_FLIGHT_S,
    PersistentIdentity,
    changes,
    commits_gone_back,
    counted,
    read_identity,
)
from pipeline_services.measure.samples import LagSample
from pipeline_services.model.errors import NoData
from tests.judgements.world import World, healthy

KAFKA = PersistentIdentity("kafka-0", "uid-1/c1", "claim-uid", "pvc-1", "cluster-1", {0: 100, 1: 50})
AFTER = replace(KAFKA, incarnation="uid-2/c2", committed={0: 140, 1: 90})
INFLUXDB = PersistentIdentity("influxdb-0", "uid-1/c1", "claim-uid", "pvc-1", points=1_000)


def test_a_restart_that_kept_everything() -> None:
    assert changes(KAFKA, AFTER) == []
    assert changes(INFLUXDB, replace(INFLUXDB, incarnation="uid-2/c2")) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"pod": "kafka-1"}, "the pod's name was kafka-0 and is kafka-1"),
        ({"claim": "another"}, "the claim's UID was claim-uid and is another"),
        ({"volume": "pvc-2"}, "the volume was pvc-1 and is pvc-2"),
        ({"cluster_id": "cluster-2"}, "the cluster id was cluster-1 and is cluster-2"),
        ({"incarnation": KAFKA.incarnation}, "nothing was restarted"),
        ({"committed": {0: 100, 1: 50}}, "committed nothing since: 150 offsets before, 150 after"),
        ({"committed": {0: 400, 1: 49}}, "partition 1: committed was 50 and is 49"),
        ({"committed": {0: 400}}, "partition 1: committed was 50 and is nothing"),
    ],
)
def test_what_was_not_kept_is_told(change: dict[str, Any], told: str) -> None:
    (line,) = changes(KAFKA, replace(AFTER, **change))
    assert told in line


@pytest.mark.parametrize("left", [999, 0, None])
def test_points_that_are_gone_are_told(left: int | None) -> None:
    (line,) = changes(INFLUXDB, replace(INFLUXDB, incarnation="uid-2/c2", points=left))
    assert line == f"of 1000 points from before the fault {left} are left"


def committed(*offsets: dict[int, int]) -> list[LagSample]:
    return [LagSample(at, at, committed=known) for at, known in enumerate(offsets)]


def test_a_commit_never_goes_back() -> None:
    assert commits_gone_back(committed({0: 1, 1: 5}, {0: 1, 1: 6}, {0: 9, 1: 6})) == []
    assert commits_gone_back(committed({0: 1, 1: 5}, {0: 0, 1: 6})) == ["partition 0: committed went back from 1 to 0"]
    assert commits_gone_back(committed({0: 7}, {})) == ["partition 0: committed went back from 7 to 0"]


def test_a_look_that_got_no_answer_is_no_step_back() -> None:
    first, last = committed({0: 7}, {0: 8})
    assert commits_gone_back([first, LagSample(0.5, 0.5, "away"), last]) == []


def test_a_count_is_read_and_none_is_no_count() -> None:
    assert counted([Series({}, [[0, 12_345]])]) == 12_345
    for empty in ([], [Series({}, [[0, 0]])]):
        with pytest.raises(NoData, match="none could be missed"):
            counted(empty)


def steady(world: World, count: int = 7) -> tuple[Any, list[str]]:
    """The pipeline as the experiment reads it, and the spans of time that InfluxDB was asked to count."""
    asked: list[str] = []

    def select(what: str, where: str) -> list[Series]:
        asked.append(f"{what} {where}")
        return [Series({}, [[0, count]])]

    probes = SimpleNamespace(
        bucket=SimpleNamespace(select=select), pipeline=world.pipeline, kafka_forward=SimpleNamespace(port=9092)
    )
    cluster = SimpleNamespace(list=world.answers.__getitem__)
    described = {"cluster": cluster, "probes": probes, "description": world.pipeline}
    for app in ("kafka", "influxdb"):
        claim = claim_of(world, app)
        claim["metadata"]["uid"], claim["spec"] = f"claim-{app}", {"volumeName": f"pvc-{app}"}
        name = claim["metadata"]["name"]
        world.pods(app)[0]["spec"]["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": name}}]
    return SimpleNamespace(pod=lambda app: world.pods(app)[0], **described), asked


def claim_of(world: World, app: str) -> Any:
    return next(one for one in world.answers["pvcs"] if app in one["metadata"]["name"])


def test_the_store_is_known_by_its_claim_and_by_what_it_held_before() -> None:
    world = healthy()
    pipeline, asked = steady(world)
    found = read_identity(pipeline, "influxdb", begin=10_000.0)
    assert (found.pod, found.claim, found.volume) == ("influxdb-0", "claim-influxdb", "pvc-influxdb")
    assert (found.points, found.committed, found.cluster_id) == (7, {}, "")
    since, until = 10_000 - int(COUNTED_SPAN_S), 10_000 - int(IN_FLIGHT_S)
    assert asked == [f"COUNT(sequence) time >= {since}000000000 AND time < {until}000000000"]


def test_the_broker_is_known_by_its_cluster_and_by_what_was_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broker(nullcontext[None]):
        def __init__(self, port: int) -> None:
            assert port == 9092

        def __enter__(self) -> Any:
            return SimpleNamespace(
                cluster_id=lambda: "cluster-1", offsets=lambda *_: SimpleNamespace(committed={0: 5, 1: None})
            )

    monkeypatch.setattr(persistence, "KafkaBroker", Broker)
    pipeline, asked = steady(healthy())
    found = read_identity(pipeline, "kafka", begin=10_000.0)
    assert (found.pod, found.cluster_id, found.committed) == ("kafka-0", "cluster-1", {0: 5, 1: 0})
    assert asked == []


def test_what_has_no_volume_of_its_own_or_nothing_in_it_is_no_identity() -> None:
    world = healthy()
    with pytest.raises(NoData, match="has no volume of its own"):
        read_identity(steady(world)[0], "producer", begin=10_000.0)
    with pytest.raises(NoData, match="none could be missed"):
        read_identity(steady(world, count=0)[0], "influxdb", begin=10_000.0)
    pipeline, _ = steady(world)
    world.answers["pvcs"].remove(claim_of(world, "influxdb"))
    with pytest.raises(NoData, match="there is no claim"):
        read_identity(pipeline, "influxdb", begin=10_000.0)
