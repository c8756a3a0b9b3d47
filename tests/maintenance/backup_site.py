"""A site made by hand: a small InfluxDB, a copy of it, a broker in memory, and the notes that are written."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
from pipeline_services.model.k8s import encoded
from pipeline_services.model.own_cluster import BACKUP_TESTED
from pipeline_services.model.pipeline import Pipeline
from tests.maintenance.influxdb.conftest import copy, copy_server, live, live_server
from tests.maintenance.influxdb.fake_influx import OPERATOR
from tests.maintenance.influxdb.hand_made import BUCKET
from tests.maintenance.kafka.fake_broker import FakeBroker

__all__ = ["copy", "copy_server", "live", "live_server"]


class Claims:
    """The cluster: the notes that are written to it, and its Secrets with the tokens that were handed out."""

    context = "kind-test"

    def __init__(self) -> None:
        self.notes: list[Any] = []
        self.reader_token = "reader-token"

    def list(self, kind: str) -> list[Any]:
        assert kind == "secrets"
        config = Pipeline.load().config
        held = {config.admin: ("token", OPERATOR)}
        held |= {one.secret: (one.key, self.reader_token) for one in config.tokens.values()}
        return [
            {"metadata": {"name": name}, "data": encoded({key: text.encode()})} for name, (key, text) in held.items()
        ]

    def merge(self, kind: str, name: str, patch: Any) -> None:
        self.notes.append(json.loads(patch["metadata"]["annotations"][BACKUP_TESTED]))


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
    live: InfluxServer,
    copy: InfluxServer,
    broker: FakeBroker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Site:
    @contextmanager
    def throwaway(*_: object) -> Iterator[tuple[HttpApi, str]]:
        yield copy.http, OPERATOR

    monkeypatch.setattr(backup, "throwaway_influxdb", throwaway)
    monkeypatch.setattr(backup.SecretStore, "ensure_tokens", lambda _: [])

    @contextmanager
    def kafka(*_: object) -> Iterator[FakeBroker]:
        yield broker

    @contextmanager
    def throwaway_kafka(*_: object) -> Iterator[FakeBroker]:
        yield FakeBroker()

    monkeypatch.setattr(Site, "kafka", kafka)
    monkeypatch.setattr(backup, "throwaway_kafka", throwaway_kafka)
    cluster: Any = Claims()
    pipeline = replace(Pipeline.load(), store=Store("plant", BUCKET, "reading"))
    tokens = {"the token of the Secret admin": OPERATOR}
    return Site(
        cluster, pipeline, live, OPERATOR, tokens, Journal(tmp_path / "j"), Archives(tmp_path / "a"), said.append
    )


said: list[str] = []


@pytest.fixture(autouse=True)
def quiet() -> None:
    said.clear()


@pytest.fixture
def archive(site: Site) -> Archive:
    return backup.take(site)


def notes(site: Site) -> list[Any]:
    cluster: Any = site.cluster
    return list(cluster.notes)
