"""One pod deleted: the ledger begins before it, recovery counts from what was made after it, and nothing is skipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline_services.audit.observed import Message, Observation
from pipeline_services.audit.observer import fields_of
from pipeline_services.audit.sent import Sent
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

    def wait_until(self, condition: Any, *, within: float, what: str, every: float = 0.25, retry_on: Any = ()) -> Any:
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
        self.since = 0.0
        ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        pods = [{"metadata": {"name": f"{app}-0", "labels": {"app": app}}, "status": ready} for app in PLAIN.workloads]
        observer: Any = SimpleNamespace(
            cluster=SimpleNamespace(list=lambda _kind: pods),
            newest=lambda: self.newest(),  # noqa: PLW0108 - a test gives it another one
            offsets=lambda: SimpleNamespace(end={0: 100}),
            settled=self._settled,
            errors_of=lambda *_: ["one"],
        )
        authorized: Any = SimpleNamespace(
            target=SimpleNamespace(pipeline=PLAIN, namespace=PLAIN.namespace), journal=None
        )
        self.stage = _Stage(authorized, SimpleNamespace(), observer)  # type: ignore[arg-type]
        monkeypatch.setattr(promise_run, "time", self.clock)
        monkeypatch.setattr(promise_run, "wait_until", self.clock.wait_until)
        monkeypatch.setattr(promise_run.pods, "deleted", lambda _api, name, _ns: SimpleNamespace(summary=name))
        monkeypatch.setattr(promise_run, "injected", lambda *_: nullcontext())
        monkeypatch.setattr(promise_run, "landed", self._landed)

    def _landed(self, *_: object) -> float:
        self.deleted = self.clock.now
        self.clock.now += 2
        return self.clock.now

    def newest(self) -> float:
        if self.deleted and self.clock.now < self.deleted + self.away_s:
            raise ServiceUnreachable("influxdb-service does not answer")
        return self.clock.now - 1

    def _settled(self, since: float, end: Mapping[int, int]) -> Observation:
        assert end == {0: 100}
        self.since = since
        messages = [Message(0, n, Identity(("line_1",), n)) for n in range(100)]
        stored = Counter(one.identity for one in messages[self.lost :])
        return Observation(messages, 0, {0: 0}, {0: 5}, {0: 100}, stored, 10**20)


def test_a_fault_is_played_from_before_it_until_all_has_landed(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, away_s=30, lost=12)
    played = scene.stage.play("influxdb")
    assert isinstance(played, Played)
    assert (played.fault, played.limit_s, played.gone_s, played.dropped) == ("influxdb deleted", 60, 2, 1)
    assert played.recovery_s == pytest.approx(30, abs=1.5)
    assert scene.since == scene.deleted - BEFORE_S
    assert [one.state for one in promises([played])] == [State.KEPT, State.BROKEN, State.BROKEN]


def test_what_the_fault_before_it_lost_is_not_blamed_on_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, away_s=3)
    scene.stage.play("influxdb")
    first_ended = scene.clock.now
    scene.stage.play("kafka")
    assert scene.deleted - BEFORE_S < first_ended == scene.since


def test_what_does_not_come_back_is_broken_and_not_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Scene(monkeypatch, away_s=10_000).stage.play("kafka")
    assert played.recovery_s is None
    assert promises([played])[0].state is State.BROKEN


def test_of_a_deleted_producer_nobody_has_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Scene(monkeypatch, away_s=3).stage.play("producer").dropped is None


def test_what_does_not_work_before_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, away_s=0)
    monkeypatch.setattr(scene, "newest", lambda: scene.clock.now - 2 * FRESH_S)
    with pytest.raises(PreconditionNotMet, match="fresh readings in the store did not come true"):
        scene.stage.play("influxdb")
    assert scene.deleted == 0.0


def test_what_the_audit_sends_meanwhile_is_accounted_for(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, away_s=5, lost=2)
    sent = [Sent(Identity(("line_1",), n)) for n in range(4)]
    sender: Any = SimpleNamespace(finish=lambda: sent)
    monkeypatch.setattr(_Stage, "_sending", lambda _stage: nullcontext(sender))
    own = scene.stage.play("influxdb").sent
    assert own is not None
    assert (own.sent, own.lost) == (4, 2)


def test_nothing_is_sent_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Scene(monkeypatch, away_s=3).stage.play("kafka").sent is None


def test_every_component_that_readings_pass_through_is_played() -> None:
    assert set(promise_run._wanted(PLAIN, None)) == {"kafka", "influxdb", "producer", "processor"}
    second = PLAIN.document()
    second["components"]["archiver"] = {**second["components"]["processor"], "workload": "archiver"}
    second["flows"].append({"source": "archiver", "destination": "kafka", "port": 9092, "carries_readings": True})
    assert "archiver" in promise_run._wanted(Pipeline.from_document(second), None)


def test_a_component_that_no_reading_passes_through_is_refused() -> None:
    assert promise_run._wanted(PLAIN, ["kafka"]) == ["kafka"]
    with pytest.raises(PreconditionNotMet, match="--only: 'kafkq' is none of"):
        promise_run._wanted(PLAIN, ["kafkq"])


def test_messages_are_sent_over_a_way_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, away_s=3)
    way = SimpleNamespace(kafka=lambda: 4711, fields=fields_of(PLAIN))
    opened: list[tuple[Any, ...]] = []
    monkeypatch.setattr(promise_run, "Observer", lambda *given: opened.append(given) or nullcontext(way))
    monkeypatch.setattr(promise_run, "Sender", lambda *given: opened.append(given) or nullcontext("sender"))
    with replace(scene.stage, sends=True)._sending() as sender:
        assert sender == "sender"
    assert opened == [(scene.stage.observer.cluster, PLAIN), (4711, PLAIN.topics.readings, way.fields)]
    with scene.stage._sending() as nobody:
        assert nobody is None
