"""Two servers: one that is backed up, and one that is restored into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from pipeline_services.clients.http import HttpApi
from pipeline_services.maintenance.influxdb.server import InfluxServer
from tests.maintenance.influxdb.fake_influx import OPERATOR, FakeInflux, serving
from tests.maintenance.influxdb.hand_made import HELD


@pytest.fixture
def live_server() -> Iterator[FakeInflux]:
    with serving(HELD) as running:
        yield running


@pytest.fixture
def copy_server() -> Iterator[FakeInflux]:
    with serving({}) as running:
        yield running


@pytest.fixture
def live(live_server: FakeInflux) -> Iterator[InfluxServer]:
    with closing(HttpApi("influxdb", live_server.port)) as http:
        yield InfluxServer(http, OPERATOR, "plant")


@pytest.fixture
def copy(copy_server: FakeInflux) -> Iterator[InfluxServer]:
    with closing(HttpApi("the copy", copy_server.port)) as http:
        yield InfluxServer(http, OPERATOR, "plant")
