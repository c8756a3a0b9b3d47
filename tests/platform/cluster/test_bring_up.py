"""What a cluster is brought up from is remembered with it, deployed accordingly, and said."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline_services.clients.engine import Engine
from pipeline_services.model.failures import CommandFailed
from pipeline_services.model.paths import Cache
from pipeline_services.platform.build import node, origin, versions
from pipeline_services.platform.build.assembly import Assembly
from pipeline_services.platform.build.origin import FROM_PACKAGES, REGISTRY, Origin
from pipeline_services.platform.build.progress import Progress
from pipeline_services.platform.cluster import bring_up
from pipeline_services.platform.cluster.access import access_to
from pipeline_services.platform.cluster.bring_up import Platform
from pipeline_services.platform.cluster.kind_cluster import ABSENT, RUNNING
from pipeline_services.platform.deploy import render

LOCAL = Origin(REGISTRY, "localhost:5000")


class FakeCluster:
    """A cluster in memory, which has every image that the checkout wants."""

    def __init__(self, cache: Cache, engine: Engine, there: bool) -> None:
        self.access, self.engine, self.there = access_to(cache), engine, there
        self.container, self.tools = "node", cache.root
        self.origin_at_creation: Origin | None = None

    def state(self) -> str:
        return RUNNING if self.there else ABSENT

    def create(self, _image: str) -> None:
        self.origin_at_creation = origin.known(Cache(self.tools).origin(self.access.name), {})

    def recover(self) -> bool:
        return True

    def node_base(self) -> str:
        return "of another time"

    def apply(self, *_words: Any) -> None: ...

    def wait_for(self, _workloads: Any) -> None: ...

    def answers(self) -> bool:
        return self.there


def platform(folder: Path, chosen: Origin, there: bool) -> Any:
    engine = Engine(Path("/bin/true"), is_podman=True, env={})
    cache = Cache(folder)
    assembly = Assembly.of(cache, versions.load(), engine, chosen)
    cluster: Any = FakeCluster(cache, engine, there)
    return Platform(cache, Progress(), assembly, cluster)


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The overlays that were deployed; nothing is built, and the node has all images."""
    overlays: list[Path] = []
    monkeypatch.setattr(bring_up, "deploy", lambda *_words, overlay, **_more: overlays.append(overlay))
    monkeypatch.setattr(Platform, "_build", lambda *_: None)
    monkeypatch.setattr(Platform, "bring_images", lambda *_: None)
    return overlays


@pytest.mark.parametrize("there", [True, False], ids=["there", "new"])
@pytest.mark.parametrize("chosen", [LOCAL, FROM_PACKAGES], ids=["registry", "packages"])
def test_the_overlay_follows_the_origin_which_is_remembered(
    tmp_path: Path, deployed: list[Path], chosen: Origin, there: bool
) -> None:
    one = platform(tmp_path, chosen, there)
    one.up(lambda *_: None)
    assert deployed == [render.UPSTREAM if chosen == LOCAL else render.OVERLAY]
    assert origin.known(one.cache.origin("conveyor"), {}) == chosen
    assert one.cluster.origin_at_creation == (None if there else chosen)


@pytest.mark.usefixtures("deployed")
def test_images_that_do_not_come_leave_a_cluster_with_the_origin_that_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_words: object) -> None:
        raise CommandFailed("pulling x", 125, "manifest unknown")

    monkeypatch.setattr(Platform, "bring_images", fail)
    one = platform(tmp_path, LOCAL, there=True)
    origin.remember(FROM_PACKAGES, one.cache.origin("conveyor"))
    with pytest.raises(CommandFailed):
        one.up(lambda *_: None)
    assert origin.known(one.cache.origin("conveyor"), {}) == FROM_PACKAGES


@pytest.mark.parametrize(
    ("chosen", "said"), [(LOCAL, "the projects' own, from localhost:5000; "), (FROM_PACKAGES, "built from packages; ")]
)
def test_status_says_where_images_come_from_and_what_is_missing(tmp_path: Path, chosen: Origin, said: str) -> None:
    [line] = [line for line in platform(tmp_path, chosen, there=False).status() if line.startswith("images")]
    assert line.startswith(f"images      {said}")
    assert ("kubernetes" in line, "image-loki" in line) == (chosen == FROM_PACKAGES, True)


def test_the_node_s_image_is_the_one_of_the_origin(tmp_path: Path) -> None:
    assert platform(tmp_path, FROM_PACKAGES, there=True).assembly.node_step == node.NODE_STEP
    assert platform(tmp_path, LOCAL, there=True).assembly.node_step == "image-node-base"


def test_what_is_found_without_asking_anybody_is_what_the_cluster_was_made_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("IMAGES", raising=False)
    engine = Engine(Path("/bin/true"), is_podman=True, env={})
    monkeypatch.setattr(bring_up, "engines", SimpleNamespace(present=lambda _cache: engine))
    monkeypatch.setattr(origin, "answers", lambda _origin: pytest.fail("the registry was asked"))
    for chosen in (None, LOCAL):
        if chosen:
            origin.remember(chosen, Cache(tmp_path / "conveyor").origin("conveyor"))
        found = Platform.find("conveyor", Progress())
        assert found is not None
        assert found.assembly.origin == (chosen or FROM_PACKAGES)
