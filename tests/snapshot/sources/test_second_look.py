"""Kafka is looked at twice: again as soon as its records move, else after two seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.snapshot.record import Record
from pipeline_services.snapshot.sources import stores
from tests.judgements.world import healthy

SOONEST = 0.05


class FakeReach:
    """The way to a broker, which ``FakeBroker`` does not take."""

    pipeline = healthy().pipeline

    def kafka(self) -> int:
        return 0


class FakeBroker:
    """Its topic grows by one record with each look; what the group has committed is ``behind`` by so many."""

    behind = 0
    broken = False

    def __init__(self, _port: int) -> None:
        self.looks = 0

    def __enter__(self) -> FakeBroker:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def topics(self) -> dict[str, list[dict[str, Any]]]:
        return {FakeReach.pipeline.topics.readings: [{"partition": 0}]}

    def offsets(self, *_asked: object) -> Any:
        self.looks += 1
        if self.broken and self.looks > 1:
            raise ServiceUnreachable("kafka does not answer")
        end = 10 + self.looks
        return stores.Offsets(time.time(), {0: end - self.behind}, {0: end})

    def sizes(self) -> dict[str, int]:
        return {"readings": 1_000}

    def internal_topics(self) -> list[str]:
        return []

    def _nothing(self, *_asked: object) -> dict[str, Any]:
        return {}

    group = settings = quotas = set_at_run_time = read_at_start = _nothing


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Record]:
    monkeypatch.setattr(stores, "KafkaBroker", FakeBroker)
    for name, value in (("SOONEST", SOONEST), ("BETWEEN_SAMPLES", 60.0), ("LOOK_EVERY", 0.01)):
        monkeypatch.setattr(stores, name, value)

    def read() -> Record:
        record, reach, world = Record(), FakeReach(), healthy()
        moment = stores.Moment(time.time(), world.pipeline.namespace, world.pipeline)
        stores.read_kafka(reach, record, moment)  # type: ignore[arg-type]
        return record

    return read


def between(samples: list[dict[str, Any]]) -> float:
    return float(samples[-1]["at"] - samples[0]["at"])


@pytest.mark.parametrize(("behind", "latest", "least"), [(0, 60.0, SOONEST), (500, 0.5, 0.4)])
def test_a_group_that_is_behind_gets_more_time(
    look: Callable[[], Record], monkeypatch: pytest.MonkeyPatch, behind: int, latest: float, least: float
) -> None:
    monkeypatch.setattr(FakeBroker, "behind", behind)
    monkeypatch.setattr(stores, "BETWEEN_SAMPLES", latest)
    answers, failures = look().seal(1.0)
    assert not failures
    assert least <= between(answers["kafka_lag"]) < 30
    assert len(answers["kafka_lag"]) == len(answers["kafka_sizes"]) == 2
    assert between(answers["kafka_sizes"]) >= SOONEST


def test_a_broker_that_goes_away_between_is_a_failure(
    look: Callable[[], Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeBroker, "broken", True)
    answers, failures = look().seal(1.0)
    assert "kafka_lag" not in answers
    assert failures["kafka_lag"].message == "kafka does not answer"
    assert len(answers["kafka_sizes"]) == 2
