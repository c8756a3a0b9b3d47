"""Grafana's data source through an outage: it fails, and works again."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from pipeline_services.clients.grafana import GrafanaApi
from pipeline_services.clients.http import HttpApi
from pipeline_services.measure import datasource
from pipeline_services.measure.datasource import SourceProbe, transitions
from pipeline_services.measure.samples import SourceSample
from tests.clients.fake_servers import FakeServer, serving

MADE = 1_000.0
HEALTH = "/api/datasources/uid/influxdb/health"


def looks(text: str) -> list[SourceSample]:
    """One look each half second from 1 s before the fault: G works, r fails."""
    return [
        SourceSample(MADE + at - 0.1, MADE + at, works=letter == "G", message="" if letter == "G" else "no route")
        for at, letter in zip((index * 0.5 - 1.0 for index in range(len(text))), text, strict=True)
    ]


def test_red_and_green_again_with_their_times() -> None:
    found = transitions(looks("GGGrrrGG"), MADE)
    assert found.failed is not None
    assert found.recovered is not None
    assert (found.failed.after, found.recovered.after) == (pytest.approx(0.5), pytest.approx(2.0))
    assert found.message == "no route"


def test_green_counts_from_when_it_lasts() -> None:
    recovered = transitions(looks("GGrrGrGG"), MADE).recovered
    assert recovered is not None
    assert recovered.after == pytest.approx(2.0)


def test_what_was_red_before_the_fault_is_not_its_doing() -> None:
    assert transitions(looks("rrGGGG"), MADE).failed is None
    assert transitions(looks("GGGGGG"), MADE).failed is None


def test_red_to_the_end_is_never_green() -> None:
    found = transitions(looks("GGGrrr"), MADE)
    assert found.failed is not None
    assert found.recovered is None


@pytest.fixture
def grafana() -> Iterator[tuple[FakeServer, SourceProbe]]:
    with serving({HEALTH: (200, {"message": "3 buckets found"})}) as server:
        http = HttpApi("grafana", server.port)
        yield server, SourceProbe(GrafanaApi(http), "influxdb")
        http.close()


def test_a_look_is_green_only_for_a_good_answer(grafana: tuple[FakeServer, SourceProbe]) -> None:
    server, look = grafana
    assert look().works
    server.routes[HEALTH] = (400, {"message": "error performing query"})
    bad = look()
    assert not bad.works
    assert bad.message == "error performing query"


def test_no_answer_in_time_is_red(grafana: tuple[FakeServer, SourceProbe], monkeypatch: pytest.MonkeyPatch) -> None:
    server, look = grafana
    monkeypatch.setattr(datasource, "ANSWER_TIMEOUT_S", 0.05)
    held = threading.Event()
    server.routes[HEALTH] = lambda _query: (held.wait(5), (200, {}))[1]
    late = look()
    held.set()
    assert not late.works
    assert "did not answer" in late.message
