"""What is said and refused of a cluster before anything of it is judged."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest

from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.collector import collect
from pipeline_services.snapshot.live import holds_nothing
from pipeline_services.snapshot.snapshot import Failure, Snapshot
from tests.clients import fake_servers
from tests.snapshot.fake_pipeline import FakePipeline

PIPELINE = Pipeline.load()


@pytest.mark.parametrize("ahead_s", [120.0, -120.0, 7200.0])
def test_a_wrong_clock_here_does_not_move_the_snapshot(
    pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, ahead_s: float
) -> None:
    there = formatdate(time.time() - ahead_s, usegmt=True)
    monkeypatch.setattr(fake_servers._Handler, "date_time_string", lambda *_: there)
    snapshot = collect(pipeline.cluster)
    assert pipeline.cluster.server.ahead_s == pytest.approx(ahead_s, abs=3)
    assert snapshot.taken_at == pytest.approx(time.time() - ahead_s, abs=20)
    assert snapshot.data("influxdb_newest")["asked_at"] == pytest.approx(snapshot.taken_at, abs=20)


@pytest.mark.parametrize("date", [None, "yesterday"])
def test_a_server_that_does_not_say_the_time_is_taken_to_agree(
    pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, date: str | None
) -> None:
    monkeypatch.setattr(fake_servers._Handler, "date_time_string", lambda *_: date or "")
    collect(pipeline.cluster)
    assert pipeline.cluster.server.ahead_s == 0


def seen(namespace: str, answers: Mapping[str, Any], failures: Mapping[str, Failure] | None = None) -> Snapshot:
    empty = {source: [] for source in ("deployments", "statefulsets", "daemonsets", "services")}
    return Snapshot(0, "c", namespace, {**empty, **answers}, failures or {}, PIPELINE)


def test_a_namespace_without_anything_of_the_pipeline_is_another_one() -> None:
    foreign = {"deployments": [{"metadata": {"name": "coredns"}}]}
    assert holds_nothing(seen("kube-system", foreign))
    assert not holds_nothing(seen(PIPELINE.namespace, foreign)), "its own may have lost everything"
    ours = {"services": [{"metadata": {"name": PIPELINE.service("kafka").name}}]}
    assert not holds_nothing(seen("elsewhere", ours))
    unread = replace(seen("elsewhere", foreign), answers={"deployments": []})
    assert not holds_nothing(unread), "what may not be read may be there"
