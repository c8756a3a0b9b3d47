"""One version alone, on a cluster in memory: what is seen of a good one, and how each bad one is told."""

from __future__ import annotations

from typing import Any, cast

import pytest

from pipeline_services.model.errors import NoData
from pipeline_services.model.waiting import WaitExpired
from pipeline_services.release import solo, version_pod
from pipeline_services.release.ground import PRODUCING, Place, pod_of, producer_pod
from pipeline_services.release.rounds import BASELINE, CANDIDATE
from pipeline_services.release.solo import Solo, costs
from pipeline_services.release.usage import Usage
from pipeline_services.release.version_pod import Alone
from tests.release.fake_cluster import LOAD, FakeBroker, FakeCluster, FakeStore, Version, Ways
from tests.release.test_ground import PROCESSOR

PAIR = [(CANDIDATE, "apps:2"), (BASELINE, "apps:1")]


class Bench:
    """A trial with everything in it stood in for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cluster, self.store = FakeCluster(), FakeStore()
        self.removed: list[str] = []
        monkeypatch.setattr(FakeBroker, "cluster", self.cluster, raising=False)
        monkeypatch.setattr(solo, "KafkaBroker", FakeBroker)
        monkeypatch.setattr(version_pod, "READY_WITHIN_S", 0.5)
        monkeypatch.setattr(solo, "DRAINED_WITHIN_S", 0.5)
        monkeypatch.setattr(version_pod, "ENDED_WITHIN_S", 0.5)
        monkeypatch.setattr(version_pod, "LOOK_EVERY_S", 0.01)
        monkeypatch.setattr(solo, "LOOK_EVERY_S", 0.01)
        monkeypatch.setattr(Alone, "_series", lambda _self: {"written": 100.0})
        ways: Any = (self.cluster, Ways(), self.store, PROCESSOR, LOAD, self.removed.append)
        self.solo = Solo(*ways)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


def test_a_good_version_is_seen_whole(bench: Bench) -> None:
    trial = bench.solo.try_out("apps:2", 0.0)
    assert trial.failed == ""
    assert trial.ready_s is not None
    assert trial.restarts == 0
    assert trial.stopped_s is not None
    assert trial.ledger is not None
    assert trial.ledger.holds
    assert trial.types == {"sequence": "integer"}
    assert trial.log == list(Version().log)
    assert trial.series == {"written": 100.0}


def test_while_a_version_is_only_watched_other_pods_of_the_trial_come_and_go(bench: Bench) -> None:
    there: list[list[str]] = []

    def meanwhile() -> None:
        with version_pod.running(cast(Any, bench.cluster), producer_pod(PROCESSOR, "apps:2", Place("bench", 1))):
            there.append(sorted(bench.cluster.pods))
        there.append(sorted(bench.cluster.pods))

    assert bench.solo.try_out("apps:2", 0.0, meanwhile).failed == ""
    assert there == [[pod_of(CANDIDATE), PRODUCING], [pod_of(CANDIDATE)]]


def test_nothing_else_is_tried_of_a_version_that_does_not_work(bench: Bench) -> None:
    bench.cluster.version = Version(drains=False)
    assert bench.solo.try_out("apps:2", 0.0, lambda: pytest.fail("the producers are tried")).failed


def test_each_run_has_a_bucket_of_its_own_which_is_gone_afterwards(bench: Bench) -> None:
    bench.solo.try_out("apps:1", 0.0)
    bench.solo.play(PAIR)
    assert bench.store.made == bench.removed == [f"{LOAD.producer_id}-{number}" for number in (1, 2, 3)]
    assert bench.cluster.pods == {}


def test_a_lost_reading_is_named(bench: Bench) -> None:
    bench.store.lost = {51}
    ledger = bench.solo.try_out("apps:2", 0.0).ledger
    assert ledger is not None
    assert [(one.device_id, one.sequence) for one in ledger.lost] == [("conveyor-01", 1)]


@pytest.mark.parametrize(
    ("version", "failed", "restarts"),
    [
        (Version(ready_at=10**9), r"^phase .*, its readiness probe has not passed", 0),
        (Version(ends_at=2, ready_at=9), "its container ended before it was ready", 1),
        (Version(ends_at=3), r"ended while it had readings to store: Error, exit code 1", 1),
        (Version(ends_at=4, reason="OOMKilled"), "ended by itself: OOMKilled", 1),
        (Version(drains=False), "not all readings were committed", 0),
    ],
    ids=["never ready", "crashes at its start", "crashes at work", "crashes later", "does not drain"],
)
def test_a_bad_version_is_told_and_not_read_back(bench: Bench, version: Version, failed: str, restarts: int) -> None:
    bench.cluster.version = version
    trial = bench.solo.try_out("apps:2", 0.0)
    assert trial.restarts == restarts
    assert trial.ledger is None
    assert trial.series is None
    assert trial.stopped_s is not None
    with pytest.raises(AssertionError, match=failed):
        raise AssertionError(trial.failed)


def test_the_log_from_before_a_restart_is_kept(bench: Bench) -> None:
    bench.cluster.version = Version(ends_at=3)
    assert next(iter(bench.solo.try_out("apps:2", 0.0).log or ())) == "before it was started again"


def test_both_rounds_of_a_pair_have_their_costs_and_are_played_in_turns(bench: Bench) -> None:
    rounds = bench.solo.play(PAIR)
    assert [(one.version, one.failed, one.stored) for one in rounds] == [(CANDIDATE, "", 100), (BASELINE, "", 100)]
    for one in rounds:
        assert one.costs["cpu-per-reading"] == pytest.approx(6500)
        assert one.costs["peak-memory"] == 64.0
        assert one.costs["drain-time"] == pytest.approx(5.0, abs=0.5)
    images = [pod["spec"]["containers"][0]["image"] for pod in bench.cluster.applied]
    assert images == ["apps:2", "apps:1"]
    assert bench.cluster.steps == ["turns begin", "turns end"]


def gone(*_arguments: object) -> Usage:
    raise NoData("the kernel does not say what the container used")


def test_a_round_that_fails_says_why(bench: Bench) -> None:
    bench.cluster.version = Version(drains=False)
    assert "not all readings were committed" in bench.solo.play(PAIR)[0].failed
    assert bench.cluster.steps == ["turns begin", "turns end"]


def test_a_container_that_ends_at_work_fails_its_round_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.cluster.version = Version(ends_at=3)
    monkeypatch.setattr(solo, "usage", gone)
    assert "ended while it had readings to store" in bench.solo.play(PAIR)[0].failed


def test_a_topic_that_lost_its_readings_says_nothing_about_the_version(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeBroker, "end", {0: 0, 1: 0})
    with pytest.raises(NoData, match="does not hold all 100 readings"):
        bench.solo.play(PAIR)


def test_a_broker_that_is_away_says_nothing_about_the_version(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeBroker, "away", True)
    with pytest.raises(WaitExpired, match="kafka cannot be reached"):
        bench.solo.play(PAIR)


def test_a_pod_that_somebody_took_away_says_nothing_about_the_version(bench: Bench) -> None:
    def lost(*_arguments: object) -> None:
        return None

    bench.cluster.apply = cast(Any, lost)  # type: ignore[method-assign]
    with pytest.raises(NoData, match="somebody deleted the pod"):
        bench.solo.try_out("apps:2", 0.0)


def test_costs_are_in_the_units_of_the_table() -> None:
    assert costs(Usage(6.0, 70.0), 8.0, 60_000) == {
        "cpu-per-reading": pytest.approx(100.0),
        "peak-memory": 70.0,
        "drain-time": 8.0,
    }
