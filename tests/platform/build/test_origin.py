"""Where images come from: what is asked for, what a cluster keeps, and what a probe decides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline_services.cli import main as cli
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.platform.build import origin
from pipeline_services.platform.build.origin import FROM_PACKAGES, MIRROR, REGISTRY, WAY, Origin
from tests.clients.fake_servers import serving

NOBODY = "localhost:1"


@contextmanager
def registry(status: int) -> Iterator[tuple[str, list[tuple[str, str, dict[str, str]]]]]:
    """A server on this machine that answers with one status, and what it was asked."""
    with serving({"/v2/": (status, {})}) as server:
        yield f"localhost:{server.port}", server.asked


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "clusters" / "conveyor" / "images"


@pytest.mark.parametrize(("status", "is_one"), [(200, True), (401, True), (403, False), (404, False), (502, False)])
def test_one_request_tells_a_registry_from_a_proxy_that_refuses(record: Path, status: int, is_one: bool) -> None:
    said: list[str] = []
    with registry(status) as (host, asked):
        chosen = origin.decided(record, said.append, {MIRROR: f"{host}/mirror/"})
    assert [(verb, path) for verb, path, _ in asked] == [("HEAD", "/v2/")]
    assert chosen == (Origin(REGISTRY, f"{host}/mirror") if is_one else FROM_PACKAGES)
    what = f"the projects' own, from {host}/mirror" if is_one else "built from packages"
    assert said == [f"images: {what}: the registry {host} {'answers' if is_one else 'does not answer'}"]


def test_where_nothing_listens_images_are_built(record: Path) -> None:
    assert origin.decided(record, lambda _: None, {MIRROR: NOBODY}) == FROM_PACKAGES


def test_what_is_asked_for_is_taken_without_a_probe(record: Path) -> None:
    said: list[str] = []
    for way, mirror in ((REGISTRY, NOBODY), ("packages", "")):
        assert origin.decided(record, said.append, {WAY: way, MIRROR: NOBODY}) == Origin(way, mirror)
    assert said == [f"images: the projects' own, from {NOBODY}", "images: built from packages"]


def test_a_cluster_keeps_the_origin_that_it_was_made_with(record: Path) -> None:
    origin.remember(Origin(REGISTRY, NOBODY), record)
    assert origin.decided(record, lambda _: None, {}) == Origin(REGISTRY, NOBODY)
    origin.remember(FROM_PACKAGES, record)
    with registry(200) as (host, asked):
        assert origin.decided(record, lambda _: None, {MIRROR: host}) == FROM_PACKAGES
    assert asked == []


def test_a_cluster_without_a_record_was_built_from_packages_and_no_cluster_says_nothing(record: Path) -> None:
    assert origin.known(record, {}) is None
    record.parent.mkdir(parents=True)
    assert origin.known(record, {}) is None, "a torso that never was a cluster"
    record.with_name("kubeconfig").touch()
    assert origin.known(record, {}) == FROM_PACKAGES


@pytest.mark.parametrize(
    ("mirror", "is_local"), [("localhost:5000", True), ("127.0.0.1/x", True), ("a.example", False)]
)
def test_only_a_registry_on_this_machine_is_asked_without_tls(mirror: str, is_local: bool) -> None:
    assert Origin(REGISTRY, mirror).is_local is is_local
    assert not Origin(REGISTRY).is_local


def test_any_other_way_is_refused_in_a_line(
    record: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(PreconditionNotMet, match="did you mean 'registry'"):
        origin.decided(record, print, {WAY: "regsitry"})
    monkeypatch.setenv(WAY, "podman")
    with pytest.raises(SystemExit, match="4"):
        cli.main(["status"])
    assert capsys.readouterr().err.startswith("REFUSED: IMAGES: 'podman' is none of auto, registry, packages; help: ")
