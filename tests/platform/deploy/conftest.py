"""The manifests as a cluster would get them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.clients.manifests import rendered
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.deploy import deploy
from pipeline_services.platform.deploy.secrets import store as secret_store
from pipeline_services.platform.deploy.secrets.influx import Admin, Tokens
from tests.platform.deploy.world import TOKENS, FakeCluster, World

BASE = Path(__file__).parents[3] / "manifests" / "base"
OVERLAY = BASE.parent / "overlays" / "kind"
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Manifests:
    """All objects, found by kind and name."""

    objects: tuple[Manifest, ...]

    def of(self, *kinds: str) -> list[Manifest]:
        return [item for item in self.objects if item["kind"] in kinds]

    def one(self, kind: str, name: str) -> Manifest:
        [found] = [item for item in self.of(kind) if item["metadata"]["name"] == name]
        return found

    def names(self, kind: str) -> set[str]:
        return {item["metadata"]["name"] for item in self.of(kind)}

    def workload(self, app: str) -> Manifest:
        [found] = [item for item in self.of(*WORKLOADS) if item["metadata"]["name"] == app]
        return found

    def container(self, app: str) -> Manifest:
        [only] = self.workload(app)["spec"]["template"]["spec"]["containers"]
        return dict(only)


@pytest.fixture(scope="session")
def manifests() -> Manifests:
    """What the overlay of the suite's own cluster renders to."""
    return Manifests(tuple(rendered(OVERLAY)))


@pytest.fixture(scope="session")
def base() -> Manifests:
    """What any environment gets."""
    return Manifests(tuple(rendered(BASE)))


@pytest.fixture
def world(manifests: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(list(manifests.objects), tmp_path)

    @contextmanager
    def influxdb(cluster: FakeCluster, pipeline: Pipeline, ca: str) -> Iterator[str]:
        made.cluster.log.append("asked influxdb")
        yield ca

    def ensure_tokens(http: str, admin: Admin, pipeline: Pipeline, held: set[str]) -> Tokens:
        return TOKENS

    monkeypatch.setattr(secret_store, "influxdb", influxdb)
    monkeypatch.setattr(secret_store, "ensure_tokens", ensure_tokens)
    monkeypatch.setattr(deploy, "ensure_reader", lambda *_: False)
    return made


@pytest.fixture
def deployed(world: World) -> World:
    world.deploy()
    return world
