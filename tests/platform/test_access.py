"""Whether a cluster answers is asked of its API server, known by the certificate in its kubeconfig."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pipeline_services.model.paths import Cache
from pipeline_services.platform.cluster import access


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return Cache(tmp_path / "conveyor")


class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server(certificate: tuple[Path, Path]) -> Iterator[int]:
    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ready)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    thread = threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield listener.server_address[1]
    listener.shutdown()
    listener.server_close()


def write_kubeconfig(path: Path, port: int, authority: str) -> None:
    path.parent.mkdir(parents=True)
    cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority-data": authority}
    path.write_text(yaml.safe_dump({"clusters": [{"name": "x", "cluster": cluster}]}), encoding="utf-8")


def test_api_server_that_is_ready_answers(cache: Cache, server: int, authority: str) -> None:
    found = access.access_to(cache)
    write_kubeconfig(found.kubeconfig, server, authority)
    assert access.answers(found)


def test_other_server_at_the_same_port_is_not_the_cluster(cache: Cache, server: int, other_authority: str) -> None:
    found = access.access_to(cache)
    write_kubeconfig(found.kubeconfig, server, other_authority)
    assert not access.answers(found)


def test_port_without_a_server_does_not_answer(cache: Cache, authority: str) -> None:
    found = access.access_to(cache)
    write_kubeconfig(found.kubeconfig, 9, authority)
    assert not access.answers(found)


@pytest.mark.parametrize("content", [None, "", "clusters: []", "{", "clusters: [{cluster: {server: x}}]"])
def test_kubeconfig_that_is_gone_or_damaged_does_not_answer(cache: Cache, content: str | None) -> None:
    found = access.access_to(cache)
    if content is not None:
        found.kubeconfig.parent.mkdir(parents=True)
        found.kubeconfig.write_text(content, encoding="utf-8")
    assert not access.answers(found)
