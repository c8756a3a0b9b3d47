"""A proxy is asked for every kind of request alike, and a certificate is checked through it; else one line says why."""

from __future__ import annotations

import base64
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.clients.port_forward import Endpoint, PortForward
from pipeline_services.clients.proxies import Proxy, proxy_to
from pipeline_services.faults.admin import Admin
from pipeline_services.model.errors import PipelineError, PreconditionNotMet, ServiceUnreachable
from pipeline_services.model.settings import Target
from tests.clients.certificate_maker import issue, with_tls
from tests.clients.fake_servers import FakeServer, echoing, kubeconfig, serving, tunnelling

HOST = "api.plant.example"
CA = issue("the CA")
UNCHECKED = {"insecure-skip-tls-verify": True}
POD = "/api/v1/namespaces/plant/pods/kafka-0"


def forward(cluster: WritableCluster) -> None:
    with PortForward(cluster, Endpoint("kafka-service", "kafka-0", 9092)):
        pass


WAYS: dict[str, Callable[[WritableCluster], Any]] = {
    "read": lambda cluster: cluster.list("pods"),
    "write": lambda cluster: cluster.merge("Pod", "kafka-0", {}),
    "forward": forward,
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Callable[[WritableCluster], Any]:
    return WAYS[request.param]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FakeServer]:
    """An API server of which only the proxy knows where it is."""
    routes = {POD.rpartition("/")[0]: (200, {"items": []}), POD: (200, {})}
    with serving(routes) as running, echoing() as port:
        running.pods["kafka-0", 9092] = port
        yield with_tls(running, issue(HOST, by=CA), tmp_path)


@contextmanager
def connected(folder: Path, port: int = 443, **entries: Any) -> Iterator[WritableCluster]:
    entries = {"server": f"https://{HOST}", "certificate-authority-data": _b64(CA.certificate), **entries}
    cluster = WritableCluster.connect(Target(str(kubeconfig(folder / "config", port, **entries)), "", "plant"))
    yield cluster
    cluster.close()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_the_kubeconfigs_proxy_is_asked_with_its_credentials(
    server: FakeServer, tmp_path: Path, way: Callable[[WritableCluster], Any]
) -> None:
    with (
        tunnelling(server.port) as (proxy, asked),
        connected(tmp_path, **{"proxy-url": f"http://me:a%20word@{proxy}"}) as cluster,
    ):
        way(cluster)
    assert len(asked) == 1
    assert asked[0].startswith(f"CONNECT {HOST}:443 ")
    assert f"authorization: Basic {_b64(b'me:a word')}".lower() in asked[0].lower()
    assert server.asked[0][2]["Authorization"] == "Bearer a-reader-token"


def test_the_environments_proxy_is_asked(
    server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: Callable[[WritableCluster], Any]
) -> None:
    with tunnelling(server.port) as (proxy, asked):
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        with connected(tmp_path) as cluster:
            way(cluster)
    assert len(asked) == 1


def test_no_proxy_is_asked_for_this_machine(
    server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: Callable[[WritableCluster], Any]
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    with connected(tmp_path, server=f"https://127.0.0.1:{server.port}", **{"tls-server-name": HOST}) as cluster:
        way(cluster)


def test_faults_go_the_same_way(server: FakeServer, tmp_path: Path) -> None:
    with tunnelling(server.port) as (proxy, asked), connected(tmp_path, **{"proxy-url": f"http://{proxy}"}) as cluster:
        Admin(cluster.server.access, "plant").call("PATCH", POD, {})
    assert len(asked) == 1


def broken(cluster: WritableCluster, way: Callable[[WritableCluster], Any], said: str) -> None:
    with pytest.raises(ServiceUnreachable) as caught:
        way(cluster)
    assert re.search(said, str(caught.value)), caught.value
    assert not re.search(r"\n|Error\b|Errno|Connection\(|_ssl", str(caught.value)), caught.value


def test_a_proxy_that_is_away(tmp_path: Path, way: Callable[[WritableCluster], Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with connected(tmp_path, **{"proxy-url": proxy}) as cluster:
        broken(cluster, way, f"https://{HOST} cannot be reached through the proxy {proxy}: connection refused. Next: ")


def test_a_proxy_that_does_not_let_through(tmp_path: Path, way: Callable[[WritableCluster], Any]) -> None:
    with serving({}) as proxy, connected(tmp_path, **{"proxy-url": f"http://127.0.0.1:{proxy.port}"}) as cluster:
        broken(cluster, way, "cannot be reached through the proxy .*: Tunnel connection failed: 501")


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"certificate-authority-data": _b64(issue("another CA").certificate)}, "not accepted: .*certificate"),
        ({"tls-server-name": "api.other.example"}, "not accepted: Hostname mismatch"),
    ],
    ids=["authority", "name"],
)
def test_a_certificate_that_is_not_the_servers(
    server: FakeServer, tmp_path: Path, way: Callable[[WritableCluster], Any], entries: dict[str, str], said: str
) -> None:
    entries = {"server": f"https://127.0.0.1:{server.port}", "tls-server-name": HOST, **entries}
    with connected(tmp_path, **entries) as cluster:
        broken(cluster, way, f"cannot be reached: its certificate is {said}")


def test_a_certificate_that_need_not_be_checked_is_not_warned_of(
    server: FakeServer, tmp_path: Path, way: Callable[[WritableCluster], Any], recwarn: pytest.WarningsRecorder
) -> None:
    file = kubeconfig(tmp_path / "config", 1, server=f"https://127.0.0.1:{server.port}", **UNCHECKED)
    with closing(WritableCluster.connect(Target(str(file), "", "plant"))) as cluster:
        way(cluster)
    assert recwarn.list == []


def test_a_server_without_tls(tmp_path: Path, way: Callable[[WritableCluster], Any]) -> None:
    with serving({}) as plain, connected(tmp_path, server=f"https://127.0.0.1:{plain.port}") as cluster:
        broken(cluster, way, r"cannot be reached: it does not speak TLS as it should \(.*\)")


@pytest.mark.parametrize(
    ("server", "environment", "proxy"),
    [
        ("https://api.plant.example", {}, None),
        ("https://api.plant.example", {"HTTPS_PROXY": "http://p:3128"}, Proxy("p", 3128)),
        ("https://api.plant.example", {"HTTPS_PROXY": "p:3128"}, Proxy("p", 3128)),
        ("http://api.plant.example", {"HTTPS_PROXY": "http://p:3128"}, None),
        ("https://api.plant.example", {"HTTPS_PROXY": "http://p", "NO_PROXY": "a, plant.example"}, None),
        ("https://api.plant.example", {"HTTPS_PROXY": "http://p", "NO_PROXY": "10.0.0.0/8"}, Proxy("p", 80)),
        ("https://10.1.2.3:6443", {"HTTPS_PROXY": "http://p", "NO_PROXY": "a, 10.0.0.0/8"}, None),
        ("https://11.1.2.3:6443", {"HTTPS_PROXY": "http://p", "NO_PROXY": "a, 10.0.0.0/8"}, Proxy("p", 80)),
        ("https://127.0.0.1:6443", {"HTTPS_PROXY": "http://p"}, None),
        ("https://[::1]:6443", {"HTTPS_PROXY": "http://p"}, None),
        ("https://localhost:6443", {"HTTPS_PROXY": "http://p"}, None),
    ],
)
def test_which_proxy_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, server: str, environment: dict[str, str], proxy: Proxy | None
) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"):
        for spelled in (name, name.lower()):
            monkeypatch.delenv(spelled, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_to(server) == proxy


@pytest.mark.parametrize("url", ["socks5://p:1080", "https://p", "http://", "http://p:port"])
def test_what_is_no_http_proxy_is_refused(url: str) -> None:
    with pytest.raises(PreconditionNotMet, match=r"is not an http:// address. Next: set proxy-url in the kubeconfig"):
        proxy_to("https://api.plant.example", url)


def test_the_credentials_of_a_proxy_are_not_shown() -> None:
    assert str(proxy_to("https://a", "http://me:secret@p:1")) == "http://p:1"
    with pytest.raises(PipelineError) as caught:
        proxy_to("https://a", "socks5://me:secret@p:1")
    assert "secret" not in str(caught.value)
