"""Every way in which a cluster cannot be read is one clear line, within seconds."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.model.errors import (
    AccessDenied,
    NoData,
    PipelineError,
    PreconditionNotMet,
    ServiceUnreachable,
    UnexpectedAnswer,
)
from pipeline_services.model.settings import Target
from tests.clients.fake_servers import FakeServer, Reply, kubeconfig, serving

NS = "/api/v1/namespaces/plant"
PODS = f"{NS}/pods"
POD = {"metadata": {"name": "kafka-0", "managedFields": [{"manager": "kubelet"}]}, "spec": {}}


@pytest.fixture
def server() -> Iterator[FakeServer]:
    routes = {
        NS: (200, {"kind": "Namespace"}),
        PODS: (200, {"items": [POD]}),
        f"{PODS}/kafka-0/log": (200, b"2026-11-23T06:00:00Z started\n2026-11-23T06:00:01Z bad byte \xff\n"),
    }
    with serving(routes) as running:
        yield running


@pytest.fixture
def cluster(server: FakeServer, tmp_path: Path) -> Iterator[Cluster]:
    connected = Cluster.connect(Target(str(kubeconfig(tmp_path / "config", server.port)), "fake", "plant"))
    yield connected
    connected.close()


def test_lists_come_raw_and_without_managed_fields(cluster: Cluster, server: FakeServer) -> None:
    assert cluster.list("pods") == [{"metadata": {"name": "kafka-0"}, "spec": {}}]
    assert server.asked[0][2]["Authorization"] == "Bearer a-reader-token"


def test_a_list_without_items_is_empty(cluster: Cluster, server: FakeServer) -> None:
    server.routes[PODS] = (200, {"items": None})
    assert cluster.list("pods") == []


def test_logs_are_lines_even_with_broken_bytes(cluster: Cluster, server: FakeServer) -> None:
    lines = cluster.logs("kafka-0", "kafka", since=600, lines=200)
    assert lines[0] == "2026-11-23T06:00:00Z started"
    assert lines[1].startswith("2026-11-23T06:00:01Z bad byte")
    assert "tailLines=200" in server.asked[0][1]
    assert "sinceSeconds=600" in server.asked[0][1]


@pytest.mark.parametrize(
    ("reply", "error", "said"),
    [
        ((401, {}), AccessDenied, "not allowed to list pods"),
        ((403, {"message": "forbidden"}), AccessDenied, "not allowed to list pods"),
        ((404, {"message": "no such thing"}), NoData, "no such thing"),
        ((500, {"message": "etcd\nis   unwell"}), UnexpectedAnswer, "500 etcd is unwell"),
        ((503, {"message": "service unavailable"}), ServiceUnreachable, "503"),
        ((200, b"<html>"), UnexpectedAnswer, "cannot be read"),
        ((200, []), UnexpectedAnswer, "cannot be read"),
    ],
    ids=["401", "403", "404", "500", "503", "html", "list"],
)
def test_an_answer_that_is_no_list(
    cluster: Cluster, server: FakeServer, reply: Reply, error: type[PipelineError], said: str
) -> None:
    server.routes[PODS] = reply
    with pytest.raises(error, match=said) as caught:
        cluster.list("pods")
    assert type(caught.value) is error
    assert "\n" not in str(caught.value)


def test_access_denied_names_the_group_of_the_resource(cluster: Cluster, server: FakeServer) -> None:
    server.routes["/apis/metrics.k8s.io/v1beta1/nodes"] = (403, {})
    with pytest.raises(AccessDenied) as caught:
        cluster.list("node_metrics")
    assert (caught.value.verb, caught.value.resource) == ("list", "nodes.metrics.k8s.io")


def test_the_namespace_is_there(cluster: Cluster) -> None:
    cluster.require_namespace()


def test_a_missing_namespace(cluster: Cluster, server: FakeServer) -> None:
    del server.routes[NS]
    with pytest.raises(PreconditionNotMet, match="context fake has no namespace plant"):
        cluster.require_namespace()


def test_rights_on_the_pods_are_enough(cluster: Cluster, server: FakeServer) -> None:
    server.routes[NS] = (403, {})
    cluster.require_namespace()


def test_no_right_at_all(cluster: Cluster, server: FakeServer) -> None:
    server.routes[NS] = server.routes[PODS] = (403, {})
    with pytest.raises(PreconditionNotMet, match="can read nothing in namespace plant"):
        cluster.require_namespace()


def test_an_unknown_context_names_those_that_there_are(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path / "config", 1)
    with pytest.raises(PreconditionNotMet, match=r"no context plant-7 in .*config; contexts are: fake"):
        Cluster.connect(Target(str(file), "plant-7", "plant"))


@pytest.mark.parametrize("text", ["", "[", "- a list", "apiVersion: v1\nkind: Config\n", "contexts: [{}]"])
def test_a_file_that_is_no_kubeconfig(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config"
    file.write_text(text)
    with pytest.raises(PreconditionNotMet, match="config"):
        Cluster.connect(Target(str(file), "", "plant"))


def test_the_kubeconfig_is_never_written(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path / "config", 1)
    file.chmod(0o400)
    before = (file.read_bytes(), file.stat().st_mtime_ns)
    Cluster.connect(Target(str(file), "", "plant")).close()
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


def unreachable(port: int, tmp_path: Path, why: str = "") -> float:
    """Seconds until a server on ``port`` is reported unreachable, in words that tell ``why``."""
    cluster = Cluster.connect(Target(str(kubeconfig(tmp_path / "config", port)), "", "plant"))
    started = time.monotonic()
    with pytest.raises(ServiceUnreachable) as caught:
        cluster.require_namespace()
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
    return time.monotonic() - started


def test_a_server_that_refuses(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    assert unreachable(port, tmp_path, "cannot be reached") < 1


def test_a_server_that_hangs(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert unreachable(int(listener.getsockname()[1]), tmp_path, "did not answer in time") < 4


def test_a_server_that_hangs_up(tmp_path: Path) -> None:
    with serving({}) as server:
        server.routes[NS] = (200, {})
        server.finish_request = lambda request, address: request.close()  # type: ignore[method-assign]
        assert unreachable(server.port, tmp_path) < 1
