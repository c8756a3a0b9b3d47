"""Probes: liveness is the main loop's stamp, readiness is recent work."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry, Counter

from pipeline_services.apps.health import STALE_AFTER, Heart, Readiness, serve


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def answer(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class App:
    def __init__(self, clock: Clock) -> None:
        registry = CollectorRegistry()
        Counter("conveyor_things", "Things", registry=registry).inc(3)
        self.heart = Heart(dump_when_stuck=False, clock=clock)
        self.ready = Readiness("kafka", "delivery", clock=clock)
        self.server = serve(0, self.heart, self.ready, registry)

    def get(self, path: str) -> tuple[int, str]:
        return answer(self.server.server_port, path)


@pytest.fixture
def app(clock: Clock) -> Iterator[App]:
    app = App(clock)
    yield app
    app.server.shutdown()
    app.server.server_close()


def test_alive_while_the_loop_stamps(app: App, clock: Clock) -> None:
    assert app.get("/healthz") == (200, "ok\n")
    clock.now += STALE_AFTER + 1
    assert app.get("/healthz") == (503, "the main loop has not moved for 16 s\n")
    app.heart.beat()
    assert app.get("/healthz")[0] == 200


def test_ready_only_with_every_peer(app: App, clock: Clock) -> None:
    assert app.get("/readyz") == (503, "no recent work with: kafka, delivery\n")
    app.ready.worked("kafka")
    assert app.get("/readyz") == (503, "no recent work with: delivery\n")
    app.ready.worked("delivery")
    assert app.get("/readyz") == (200, "ok\n")
    app.ready.failed("kafka")
    assert app.get("/readyz") == (503, "no recent work with: kafka\n")


def test_work_grows_old(app: App, clock: Clock) -> None:
    app.ready.worked("kafka")
    clock.now += 9
    app.ready.worked("delivery")
    assert app.get("/readyz")[0] == 200
    clock.now += 2
    assert app.get("/readyz") == (503, "no recent work with: kafka\n")


def test_an_outage_is_not_a_matter_of_life(app: App, clock: Clock) -> None:
    app.ready.failed("kafka")
    app.heart.beat()
    assert app.get("/healthz")[0] == 200


def test_metrics_and_the_rest(app: App) -> None:
    status, text = app.get("/metrics")
    assert (status, "conveyor_things_total 3.0" in text) == (200, True)
    assert app.get("/") == (404, "not found\n")
