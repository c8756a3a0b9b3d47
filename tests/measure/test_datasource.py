"""Grafana's data source through an outage: red, and green again."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from pipeline_services.clients.grafana import GrafanaApi
from pipeline_services.clients.http import HttpApi
from pipeline_services.measure import datasource_sampler
from pipeline_services.measure.datasource import turns
from pipeline_services.measure.datasource_sampler import SourceLook
from pipeline_services.measure.samples import SourceSample
from tests.clients.fake_servers import FakeServer, serving

MADE = 1_000.0
HEALTH = "/api/datasources/uid/influxdb/health"


def looks(text: str) -> list[SourceSample]:
    """One look each half second from 1 s before the fault: G is green, r red."""
    return [
        SourceSample(MADE + at - 0.1, MADE + at, green=letter == "G", message="" if letter == "G" else "no route")
        for at, letter in zip((index * 0.5 - 1.0 for index in range(len(text))), text, strict=True)
    ]


def test_red_and_green_again_with_their_times() -> None:
    found = turns(looks("GGGrrrGG"), MADE)
    assert found.red is not None
    assert found.green is not None
    assert (found.red.after, found.green.after) == (pytest.approx(0.5), pytest.approx(2.0))
    assert found.said == "no route"


def test_green_counts_from_when_it_lasts() -> None:
    green = turns(looks("GGrrGrGG"), MADE).green
    assert green is not None
    assert green.after == pytest.approx(2.0)


def test_what_was_red_before_the_fault_is_not_its_doing() -> None:
    assert turns(looks("rrGGGG"), MADE).red is None
    assert turns(looks("GGGGGG"), MADE).red is None


def test_red_to_the_end_is_never_green() -> None:
    found = turns(looks("GGGrrr"), MADE)
    assert found.red is not None
    assert found.green is None


@pytest.fixture
def grafana() -> Iterator[tuple[FakeServer, SourceLook]]:
    with serving({HEALTH: (200, {"message": "3 buckets found"})}) as server:
        http = HttpApi("grafana", server.port)
        yield server, SourceLook(GrafanaApi(http), "influxdb")
        http.close()


def test_a_look_is_green_only_for_a_good_answer(grafana: tuple[FakeServer, SourceLook]) -> None:
    server, look = grafana
    assert look().green
    server.routes[HEALTH] = (400, {"message": "error performing query"})
    bad = look()
    assert not bad.green
    assert bad.message == "error performing query"


def test_no_answer_in_time_is_red(grafana: tuple[FakeServer, SourceLook], monkeypatch: pytest.MonkeyPatch) -> None:
    server, look = grafana
    monkeypatch.setattr(datasource_sampler, "ANSWERS_WITHIN", 0.05)
    held = threading.Event()
    server.routes[HEALTH] = lambda _query: (held.wait(5), (200, {}))[1]
    late = look()
    held.set()
    assert not late.green
    assert "did not answer" in late.message
