"""What ends an app, and with which exit code."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator, Mapping

import pytest
from prometheus_client import CollectorRegistry

from pipeline_services.apps import run as module
from pipeline_services.apps.config import ConfigError, KafkaConfig, ProducerConfig
from pipeline_services.apps.health import Heart, Readiness
from pipeline_services.apps.kafka_link import NoBroker
from pipeline_services.apps.run import run_app
from pipeline_services.apps.stopping import Stop

LOG = logging.getLogger("app")
CONFIG = ProducerConfig(
    kafka=KafkaConfig(("kafka:9092",), "t", "d", 6, "g"),
    rate=1.0,
    devices=1,
    max_unacknowledged=1,
    port=0,
    looked_up=(),
)


class App:
    ran = False

    def __init__(self, _config: ProducerConfig, _stop: Stop, _heart: Heart, _registry: CollectorRegistry) -> None:
        self.ready = Readiness("kafka")

    def run(self) -> None:
        App.ran = True


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The process's signals and log as they were before the app took them over."""
    monkeypatch.setattr(module.json_log, "set_up", lambda: None)
    monkeypatch.setattr(App, "ran", False)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def read(_env: Mapping[str, str]) -> ProducerConfig:
    return CONFIG


def test_a_clean_end_is_0(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "await_broker", lambda *_: True)
    assert run_app(LOG, read, App) == 0
    assert App.ran


def test_a_stop_before_there_is_a_broker_is_a_clean_end_without_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "await_broker", lambda *_: False)
    assert run_app(LOG, read, App) == 0
    assert not App.ran


def test_no_broker_at_the_start_is_1_and_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_broker(*_: object) -> bool:
        raise NoBroker("no Kafka broker at kafka:9092 for 60 s")

    monkeypatch.setattr(module, "await_broker", no_broker)
    assert run_app(LOG, read, App) == 1
    assert caplog.messages == ["no Kafka broker at kafka:9092 for 60 s"]


def test_a_wrong_setting_is_2_and_named_before_anything_starts(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(_env: Mapping[str, str]) -> ProducerConfig:
        raise ConfigError("KAFKA_BROKER is not set")

    assert run_app(LOG, refuse, App) == 2
    assert caplog.messages == ["KAFKA_BROKER is not set"]
    assert not App.ran
