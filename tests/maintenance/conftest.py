"""Two servers: one that is backed up, and one that is restored into; and the site with the first of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.clients.http import HttpApi
from pipeline_services.faults.journal import Journal
from pipeline_services.maintenance import backup
from pipeline_services.maintenance.archive import Archive, Archives
from pipeline_services.maintenance.influxdb.server import InfluxServer
from pipeline_services.maintenance.kafka.records import Record
from pipeline_services.maintenance.site import Site
from pipeline_services.model.configuration import Store
from pipeline_services.model.pipeline import Pipeline
from tests.maintenance.backup_site import Claims, said
from tests.maintenance.influxdb.fake_influx import OPERATOR, FakeInflux, serving
from tests.maintenance.influxdb.hand_made import BUCKET, HELD
from tests.maintenance.kafka.fake_broker import FakeBroker


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


@pytest.fixture
def broker() -> FakeBroker:
    """One topic whose group has a record to go on with."""
    topics, made = Pipeline.load().topics, FakeBroker()
    made.make({topics.readings: {"partitions": 1, "settings": {}}})
    made.write((topics.readings, 0), [Record(0, int(time.time() * 1_000) + n, None, b"x") for n in range(3)])
    made.offsets = {(topics.readings, 0): 2}
    return made


@pytest.fixture
def site(
    live: InfluxServer, copy: InfluxServer, broker: FakeBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Site:
    """A small InfluxDB, a copy of it, a broker in memory, and the notes that are written."""
    said.clear()
    monkeypatch.setattr(backup, "throwaway_influxdb", lambda *_: nullcontext((copy.http, OPERATOR)))
    monkeypatch.setattr(backup, "throwaway_kafka", lambda *_: nullcontext(FakeBroker()))
    monkeypatch.setattr(backup.SecretStore, "ensure_tokens", lambda _: [])
    monkeypatch.setattr(Site, "kafka", lambda *_: nullcontext(broker))
    cluster: Any = Claims()
    pipeline = replace(Pipeline.load(), store=Store("plant", BUCKET, "reading"))
    tokens = {"the token of the Secret admin": OPERATOR}
    return Site(
        cluster, pipeline, live, OPERATOR, tokens, Journal(tmp_path / "j"), Archives(tmp_path / "a"), said.append
    )


@pytest.fixture
def archive(site: Site) -> Archive:
    return backup.take(site)
