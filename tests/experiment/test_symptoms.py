"""Which checks saw a fault, when, and which stayed green."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.experiment import symptoms
from pipeline_services.experiment.symptoms import Symptom, SymptomWatch, judged
from pipeline_services.model.errors import NoData, ServiceUnreachable
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.waiting import wait_until
from pipeline_services.snapshot.snapshot import Snapshot

PIPELINE = Pipeline.load()
SNAPSHOT = Snapshot(1.0, "context", "ns")


def raising(error: Exception | None) -> Callable[[Snapshot], Any]:
    def judge(_snapshot: Snapshot) -> None:
        if error is not None:
            raise error

    return judge


def test_a_check_is_green_red_or_inconclusive() -> None:
    assert judged(raising(None), SNAPSHOT) is None
    assert judged(raising(AssertionError("too few\nimpact: much")), SNAPSHOT) == ("failed", "too few")
    assert judged(raising(NoData("nothing")), SNAPSHOT) == ("inconclusive", "nothing")


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setattr(symptoms, "LOOK_INTERVAL_S", 0.01)
    monkeypatch.setattr(symptoms, "light_snapshot", lambda *_: SNAPSHOT)
    return cast("Cluster", object())


def test_each_expected_check_is_noted_once_it_is_no_longer_green(cluster: Cluster) -> None:
    sees, stays = Symptom("sees", raising(NoData("starting"))), Symptom("stays", raising(None))
    with SymptomWatch(cluster, PIPELINE, [sees, stays]).running() as watch:
        wait_until(lambda: watch.detections, within=5, what="the first sight", every=0.01)
        assert watch.undetected == ["stays"]
    assert watch.detections["sees"].kind == "inconclusive"
    assert watch.detections["sees"].error < 5


def test_what_was_not_seen_is_told_with_what_it_came_to(cluster: Cluster) -> None:
    green, unsure = Symptom("green", raising(None)), Symptom("unsure", raising(NoData("no value")), must_fail=True)
    with SymptomWatch(cluster, PIPELINE, [green, unsure]).running() as watch:
        wait_until(lambda: len(watch.last) == 2, within=5, what="a look", every=0.01)
    assert watch.describe_undetected() == ["green (green)", "unsure (inconclusive: no value)"]


def test_a_failure_has_to_say_whom_to_call(cluster: Cluster) -> None:
    whom = "escalate to: L2"
    quiet = Symptom("quiet", raising(AssertionError("6 restarts")), must_fail=True, says=whom)
    loud = Symptom("loud", raising(AssertionError(f"6 restarts\n{whom} - x")), must_fail=True, says=whom)
    with SymptomWatch(cluster, PIPELINE, [quiet, loud]).running() as watch:
        wait_until(lambda: len(watch.last) == 2 and watch.detections, within=5, what="a look", every=0.01)
    assert watch.describe_undetected() == ["quiet (failed without saying what it should: 6 restarts)"]
    assert watch.detections["loud"].message == "6 restarts"


def test_nobody_looks_any_more_once_all_is_seen(cluster: Cluster) -> None:
    looks = 0

    def judge(_snapshot: Snapshot) -> None:
        nonlocal looks
        looks += 1
        raise AssertionError("down")

    with SymptomWatch(cluster, PIPELINE, [Symptom("once", judge)]).running() as watch:
        wait_until(lambda: not watch.undetected, within=5, what="the check to fail", every=0.01)
    assert looks == 1


def test_a_check_that_has_to_fail_is_not_satisfied_by_not_knowing(cluster: Cluster) -> None:
    looks = 0

    def judge(_snapshot: Snapshot) -> None:
        nonlocal looks
        looks += 1
        raise NoData("starting") if looks < 4 else AssertionError("CrashLoopBackOff")

    with SymptomWatch(cluster, PIPELINE, [Symptom("status", judge, must_fail=True)]).running() as watch:
        wait_until(lambda: not watch.undetected, within=5, what="the check to fail", every=0.01)
    assert watch.detections["status"].message == "CrashLoopBackOff"
    assert looks == 4


def test_an_api_server_that_is_away_is_no_sight(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    def away(*_of: object) -> Snapshot:
        nonlocal asked
        asked += 1
        raise ServiceUnreachable("no route")

    monkeypatch.setattr(symptoms, "light_snapshot", away)
    with SymptomWatch(cluster, PIPELINE, [Symptom("sees", raising(NoData("x")))]).running() as watch:
        wait_until(lambda: asked > 2, within=5, what="a few looks", every=0.01)
    assert watch.undetected == ["sees"]
