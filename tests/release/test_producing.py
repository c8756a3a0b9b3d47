"""The producer of one version alone, on a cluster in memory."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import yaml

from pipeline_services.audit.records import TopicLog
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.release import producing, version_pod
from pipeline_services.release.producing import Producing, numbered
from pipeline_services.release.version_pod import Alone
from tests.release.fake_cluster import FakeBroker, FakeCluster, Version, Ways

PRODUCER: dict[str, Any] = yaml.safe_load((REPOSITORY / "manifests/base/producer/deployment.yaml").read_text())


class Broker(FakeBroker):
    """A topic that grows by 100 readings between two looks."""

    looks = itertools.count()

    def offsets(self, *_arguments: Any) -> Any:
        number = next(self.looks)
        return type("Offsets", (), {"end": {0: 100 * number, 1: 0}})()


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> Producing:
    def read(_port: int, _topic: str, _start: Any, _end: Any, sort: Any) -> None:
        for sequence in (0, 1, 3):
            sort(None).add(0, sequence, ("p", "conveyor-00"), sequence, 1)

    monkeypatch.setattr(producing, "KafkaBroker", Broker)
    monkeypatch.setattr(producing, "read_topic", read)
    monkeypatch.setattr(producing, "WATCHED_S", 0.2)
    monkeypatch.setattr(version_pod, "READY_WITHIN_S", 0.5)
    monkeypatch.setattr(version_pod, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(Alone, "_series", lambda _self: {"produced": 100.0})
    ways: Any = (FakeCluster(), Ways(), PRODUCER, "bench-1790000000")
    return Producing(*ways)


def cluster(tried: Producing) -> FakeCluster:
    found: Any = tried.api
    return found  # type: ignore[no-any-return]


def test_a_producer_is_seen_whole(tried: Producing) -> None:
    trial = tried.try_out("apps:2", 1)
    assert trial.failed == ""
    assert trial.rate is not None
    assert trial.rate > 50
    assert trial.series == {"produced": 100.0}
    assert trial.stopped_s is not None
    assert trial.ledger is not None
    assert [one.sequence for one in trial.ledger.lost] == [2]
    assert cluster(tried).pods == {}


def test_a_producer_that_is_never_ready_has_no_rate(tried: Producing) -> None:
    cluster(tried).version = Version(ready_at=10**9)
    trial = tried.try_out("apps:2", 1)
    assert trial.rate is None
    assert trial.ledger is None
    assert trial.failed == "phase Running, its readiness probe has not passed"


def test_numbers_without_a_gap_are_well() -> None:
    topic = TopicLog()
    for sequence in range(3):
        topic.add(0, sequence, ("p", "conveyor-00"), sequence, 1)
    found = numbered(topic)
    assert (found.acknowledged, found.lost) == (3, [])
