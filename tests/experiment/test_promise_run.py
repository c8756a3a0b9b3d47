"""One pod deleted: the ledger begins before it, recovery counts from what was made after it, and nothing is skipped."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline_services.audit.observed import Message, Observation
from pipeline_services.experiment import promise_run
from pipeline_services.experiment.promise_run import BEFORE_S, FRESH_S, _Stage
from pipeline_services.experiment.promises import Played, State, promises
from pipeline_services.model.errors import PreconditionNotMet, ServiceUnreachable
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.reading_identity import Identity

PLAIN = Pipeline.load(Path("plain"))


class Clock:
    """Time that passes only where somebody waits."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def time(self) -> float:
        return self.now

    def wait_until(self, condition: Any, *, within: float, what: str, every: float, retry_on: Any = ()) -> Any:
        until = self.now + within
        while self.now <= until:
            try:
                if found := condition():
                    return found
            except retry_on:
                pass
            self.now += every
        raise promise_run.WaitExpired(f"{what} did not come true", None)


class Scene:
    """A pipeline that stores a reading a second, but for some time after a fault."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, away_s: float, lost: int = 0) -> None:
        self.clock, self.away_s, self.lost, self.deleted = Clock(), away_s, lost, 0.0
        self.seconds = 0.0
        ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        pods = [{"metadata": {"name": f"{app}-0", "labels": {"app": app}}, "status": ready} for app in PLAIN.workloads]
        cluster: Any = SimpleNamespace(list=lambda _kind: pods)
        authorized: Any = SimpleNamespace(
            target=SimpleNamespace(pipeline=PLAIN, namespace=PLAIN.namespace), journal=None
        )
        self.stage = _Stage(authorized, cluster, SimpleNamespace(), promise_run.fields_of(PLAIN))  # type: ignore[arg-type]
        monkeypatch.setattr(promise_run, "time", self.clock)
        monkeypatch.setattr(promise_run, "wait_until", self.clock.wait_until)
        monkeypatch.setattr(promise_run.pods, "deleted", lambda _api, name, _ns: SimpleNamespace(summary=name))
        monkeypatch.setattr(promise_run, "injected", lambda *_: nullcontext())
        monkeypatch.setattr(promise_run, "landed", self._landed)
        monkeypatch.setattr(promise_run, "observe", self._observe)
        monkeypatch.setattr(promise_run, "errors_of", lambda *_: ["one"])
        monkeypatch.setattr(_Stage, "_newest", lambda _stage: self._newest())

    def _landed(self, *_: object) -> float:
        self.deleted = self.clock.now
        self.clock.now += 2
        return self.clock.now

    def _newest(self) -> float:
        if self.deleted and self.clock.now < self.deleted + self.away_s:
            raise ServiceUnreachable("influxdb-service does not answer")
        return self.clock.now - 1

    def _observe(self, _cluster: object, _pipeline: Pipeline, _fields: object, seconds: float) -> Observation:
        self.seconds = seconds
        messages = [Message(0, n, Identity(("line_1",), n)) for n in range(100)]
        stored = Counter(one.identity for one in messages[self.lost :])
        return Observation(messages, 0, {0: 0}, {0: 5}, {0: 100}, stored, 10**20)


def test_a_fault_is_played_from_before_it_until_all_has_landed(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, away_s=30, lost=12)
    played = scene.stage.play("influxdb")
    assert isinstance(played, Played)
    assert (played.fault, played.limit_s, played.gone_s, played.dropped) == ("influxdb deleted", 60, 2, 1)
    assert played.recovery_s == pytest.approx(30, abs=1.5)
    assert scene.seconds > 30 + BEFORE_S
    assert [one.state for one in promises([played])] == [State.KEPT, State.BROKEN, State.BROKEN]


def test_what_does_not_come_back_is_broken_and_not_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Scene(monkeypatch, away_s=10_000).stage.play("kafka")
    assert played.recovery_s is None
    assert promises([played])[0].state is State.BROKEN


def test_of_a_deleted_producer_nobody_has_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Scene(monkeypatch, away_s=3).stage.play("producer").dropped is None


def test_what_does_not_work_before_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, away_s=0)
    monkeypatch.setattr(_Stage, "_newest", lambda _stage: scene.clock.now - 2 * FRESH_S)
    with pytest.raises(PreconditionNotMet, match="fresh readings in the store did not come true"):
        scene.stage.play("influxdb")
    assert scene.deleted == 0.0
