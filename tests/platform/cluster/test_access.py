"""Whether a cluster answers is asked of its API server, known by the certificate in its kubeconfig."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pipeline_services.model.paths import Cache
from pipeline_services.platform.cluster import access
from tests.clients.certificate_maker import Issued, issue, with_tls
from tests.clients.fake_servers import serving

CA = issue("the CA")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return Cache(tmp_path / "conveyor")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[int]:
    with serving({"/readyz": (200, {})}) as api:
        yield with_tls(api, issue("127.0.0.1", by=CA), tmp_path).port


def write_kubeconfig(path: Path, port: int, by: Issued = CA) -> None:
    path.parent.mkdir(parents=True)
    authority = base64.b64encode(by.certificate).decode()
    cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority-data": authority}
    path.write_text(yaml.safe_dump({"clusters": [{"name": "x", "cluster": cluster}]}), encoding="utf-8")


def test_api_server_that_is_ready_answers(cache: Cache, server: int) -> None:
    found = access.access_to(cache)
    write_kubeconfig(found.kubeconfig, server)
    assert access.answers(found)


def test_other_server_at_the_same_port_is_not_the_cluster(cache: Cache, server: int) -> None:
    found = access.access_to(cache)
    write_kubeconfig(found.kubeconfig, server, issue("another CA"))
    assert not access.answers(found)


def test_port_without_a_server_does_not_answer(cache: Cache) -> None:
    found = access.access_to(cache)
    write_kubeconfig(found.kubeconfig, 9)
    assert not access.answers(found)


@pytest.mark.parametrize("content", [None, "", "clusters: []", "{", "clusters: [{cluster: {server: x}}]"])
def test_kubeconfig_that_is_gone_or_damaged_does_not_answer(cache: Cache, content: str | None) -> None:
    found = access.access_to(cache)
    if content is not None:
        found.kubeconfig.parent.mkdir(parents=True)
        found.kubeconfig.write_text(content, encoding="utf-8")
    assert not access.answers(found)
