"""The processor's loop: commit only after the store, go on polling while it hangs, leave in good order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from kafka.errors import KafkaConnectionError
from prometheus_client import CollectorRegistry

from pipeline_services.apps import processor as module
from pipeline_services.apps.health import Heart
from pipeline_services.apps.metrics import ProcessorMetrics
from pipeline_services.apps.parcel import Parcel
from pipeline_services.apps.processor import Processor
from pipeline_services.apps.stopping import Stop
from pipeline_services.apps.store import StoreUnavailable
from tests.apps.test_store import Record, records


class FakeConsumer:
    """A member of the group with a script of polls; notes what is asked of it, in order."""

    def __init__(self, polls: list[Sequence[Record] | Exception], done: Callable[[], None]) -> None:
        self.connected = True
        self.polls = polls
        self.done = done
        self.asked: list[str] = []
        self.owed = 0
        self.stalled_at: list[int] = []

    def leave_if_stalled(self) -> None:
        if len(self.polls) in self.stalled_at:
            self.asked.append("leave")
            self.connected = False

    def connect(self) -> bool:
        if self.stalled_at:
            self.asked.append("connect")
            self.stalled_at.pop()
        self.connected = True
        return True

    def poll(self, _: int) -> Mapping[Any, Sequence[Record]]:
        self.asked.append("poll")
        if not self.polls:
            self.done()
            return {}
        polled = self.polls.pop(0)
        if isinstance(polled, Exception):
            raise polled
        return {0: polled}

    def stand_by(self, _: int) -> None:
        self.asked.append("stand by")

    def delivered(self) -> None:
        self.asked.append("delivered")
        self.owed += 1

    def commit(self) -> None:
        if self.owed:
            self.asked.append("commit")
            self.owed = 0

    def lag(self) -> dict[int, int] | None:
        return {0: 0}

    def leave_if_left_out(self) -> None:
        raise AssertionError("has a partition")

    def close(self) -> None:
        self.asked.append("close")


class FakeDelivery:
    """Fails as told, one error per attempt, then works."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []
        self.delivered: list[int] = []
        self.hold: threading.Event | None = None

    def deliver(self, parcel: Parcel) -> None:
        if self.hold:
            self.hold.wait(5.0)
        if self.errors:
            raise self.errors.pop(0)
        self.delivered.append(len(parcel))

    def ping(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PATIENCE", "FIRST_PAUSE", "LONGEST_PAUSE", "LAST_ATTEMPT_WITHIN"):
        monkeypatch.setattr(module, name, 0.02)


class Bench:
    """A processor on fakes."""

    def __init__(self) -> None:
        self.stop = Stop()
        self.consumer = FakeConsumer([], self.stop.request)
        self.delivery = FakeDelivery()
        self.registry = CollectorRegistry()
        self.processor = Processor(
            self.stop,
            Heart(dump_when_stuck=False),
            self.consumer,  # type: ignore[arg-type]
            self.delivery,  # type: ignore[arg-type]
            ProcessorMetrics(self.registry),
        )

    def run(self, *polls: Sequence[Record] | Exception) -> list[str]:
        self.consumer.polls = list(polls)
        self.processor.run()
        return self.consumer.asked


@pytest.fixture
def bench() -> Bench:
    return Bench()


def unavailable(reason: str = "unauthorized") -> StoreUnavailable:
    return StoreUnavailable(reason, "as told", for_operator=True)


def test_commits_after_each_delivery_and_leaves_the_group_last(bench: Bench) -> None:
    asked = bench.run(records(3), records(2))
    assert [word for word in asked if word != "stand by"] == [*("poll", "delivered", "commit") * 2, "poll", "close"]
    assert bench.delivery.delivered == [3, 2]
    assert bench.registry.get_sample_value("conveyor_readings_consumed_total") == 5
    assert bench.processor.ready.missing() == []


def test_commits_nothing_and_polls_nothing_new_until_the_store_takes_it(bench: Bench) -> None:
    bench.delivery.errors = [unavailable(), unavailable("tls"), unavailable("tls")]
    asked = bench.run(records(3))
    assert asked[0] == "poll"
    assert "stand by" in asked
    assert [word for word in asked if word != "stand by"] == ["poll", "delivered", "commit", "poll", "close"]
    failures = {
        r: bench.registry.get_sample_value("conveyor_write_failures_total", {"reason": r}) for r in ("tls", "busy")
    }
    assert failures == {"tls": 2, "busy": 0}


def test_not_ready_while_the_store_refuses(bench: Bench) -> None:
    bench.delivery.errors = [unavailable()] * 1_000
    bench.consumer.polls = [records(1)]
    threading.Timer(0.2, bench.stop.request).start()
    bench.processor.run()
    assert bench.processor.ready.missing() == ["delivery"]
    assert "commit" not in bench.consumer.asked
    assert bench.consumer.asked[-1] == "close"


def test_goes_on_taking_part_while_the_store_hangs(bench: Bench) -> None:
    bench.delivery.hold = hold = threading.Event()
    threading.Timer(0.3, hold.set).start()
    asked = bench.run(records(3))
    assert "stand by" in asked
    assert asked[-4:] == ["delivered", "commit", "poll", "close"]


def test_leaves_the_group_though_the_store_still_hangs(bench: Bench) -> None:
    bench.delivery.hold = hold = threading.Event()
    bench.consumer.polls = [records(3)]
    threading.Timer(0.1, bench.stop.request).start()
    bench.processor.run()
    hold.set()
    assert bench.consumer.asked[-1] == "close"
    assert "commit" not in bench.consumer.asked


def test_what_was_delivered_by_the_end_is_committed_before_leaving(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LAST_ATTEMPT_WITHIN", 5.0)
    bench.delivery.hold = hold = threading.Event()
    bench.consumer.polls = [records(3)]
    threading.Timer(0.1, bench.stop.request).start()
    threading.Timer(0.2, hold.set).start()
    bench.processor.run()
    assert bench.consumer.asked[-3:] == ["delivered", "commit", "close"]


def test_outlives_a_broker_that_is_away(bench: Bench) -> None:
    asked = bench.run(KafkaConnectionError("away"), records(1))
    assert [word for word in asked if word != "stand by"] == ["poll", "poll", "delivered", "commit", "poll", "close"]


def test_a_client_that_asks_in_vain_is_replaced_though_every_turn_fails(bench: Bench) -> None:
    bench.consumer.stalled_at = [1]
    asked = bench.run(KafkaConnectionError("asks the wrong address"), records(1))
    assert asked[:5] == ["poll", "leave", "connect", "poll", "delivered"]


def test_a_fault_of_its_own_ends_it(bench: Bench) -> None:
    bench.delivery.errors = [ZeroDivisionError("a mistake")]
    with pytest.raises(ZeroDivisionError):
        bench.run(records(1), records(1))
    assert "commit" not in bench.consumer.asked
