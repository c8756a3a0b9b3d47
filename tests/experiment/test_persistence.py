"""What a StatefulSet has to keep: each thing that may be another after a restart is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline_services.clients.influxdb import Series
from pipeline_services.experiment.persistence import PersistentIdentity, changes, commits_gone_back, counted
from pipeline_services.measure.samples import LagSample
from pipeline_services.model.errors import NoData

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
