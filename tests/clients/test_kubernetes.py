"""Every way in which a cluster cannot be read is one clear line, within seconds."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.clients import api_server, kubernetes
from pipeline_services.clients.kubernetes import Cluster, WritableCluster
from pipeline_services.clients.refusals import asked_of
from pipeline_services.model.errors import (
    AccessDenied,
    Conflict,
    Invalid,
    NoData,
    PipelineError,
    PreconditionNotMet,
    ServiceUnreachable,
    UnexpectedAnswer,
)
from pipeline_services.model.settings import Target
from tests.clients.fake_servers import FakeServer, Reply, kubeconfig, serving
from tests.each import each

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
def cluster(server: FakeServer, tmp_path: Path) -> Iterator[WritableCluster]:
    connected = WritableCluster.connect(Target(str(kubeconfig(tmp_path / "config", server.port)), "fake", "plant"))
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


REFUSALS = {
    "401": ((401, {}), PreconditionNotMet, r"does not accept the credentials to \w+ .*\(401\).* Next: log in again"),
    "403": ((403, {"message": 'pods is forbidden: User "u" cannot do that'}), AccessDenied, "not allowed to"),
    "409": ((409, {"message": "the object has been modified"}), Conflict, "409 the object has been modified"),
    "422": ((422, {"message": "spec: field is immutable"}), Invalid, "422 spec: field is immutable"),
    "429": ((429, {"message": "too many requests"}), ServiceUnreachable, "is too busy to .* too many requests"),
    "500": ((500, {"message": "etcd\nis   unwell"}), UnexpectedAnswer, "500 etcd is unwell"),
    "503": ((503, {"message": "service unavailable"}), ServiceUnreachable, "503 service unavailable"),
    "302": (
        (302, b"<html>see there", {"Location": "/login"}),
        UnexpectedAnswer,
        "with 302 and a web page: it is no API server, or a login page",
    ),
    "html": ((200, b"<!doctype html><html>in\n</html>"), UnexpectedAnswer, "a web page: it is no API server"),
    "list": ((200, []), UnexpectedAnswer, "with no JSON object"),
    "text": ((200, b"ok"), UnexpectedAnswer, "with no JSON object"),
}
REQUESTS: dict[str, Callable[[WritableCluster], Any]] = {
    "list": lambda cluster: cluster.list("pods"),
    "get": lambda cluster: cluster.get("Pod", "kafka-0"),
    "call": lambda cluster: cluster.call("POST", PODS, {}),
    "apply": lambda cluster: cluster.apply({"kind": "Pod", "metadata": {"name": "kafka-0"}}),
    "merge": lambda cluster: cluster.merge("Pod", "kafka-0", {}),
    "create": lambda cluster: cluster.create("Pod", "kafka-0", "eviction", {}),
    "delete": lambda cluster: cluster.delete("Pod", "kafka-0"),
}


def assert_told(
    cluster: WritableCluster, request: str, error: type[PipelineError], said: str, at_most_s: float = 1.0
) -> None:
    """The request ends with just this error, in one line that a reader of Python need not translate."""
    started = time.monotonic()
    with pytest.raises(error, match=said) as caught:
        REQUESTS[request](cluster)
    assert time.monotonic() - started < at_most_s
    assert type(caught.value) is error
    assert not re.search(r"\n|Error\b|Errno|Connection\(|object at 0x|<", str(caught.value))


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_is_one_clear_error_whatever_was_asked(
    cluster: WritableCluster, server: FakeServer, refusal: str
) -> None:
    reply, error, said = REFUSALS[refusal]
    server.routes = dict.fromkeys((PODS, f"{PODS}/kafka-0", f"{PODS}/kafka-0/eviction"), reply)
    each({request: request for request in REQUESTS}, lambda request: assert_told(cluster, request, error, said))


def test_what_is_not_there(cluster: WritableCluster, server: FakeServer) -> None:
    server.routes = {}
    with pytest.raises(NoData, match=r"does not have the pods asked for \(404 not found\)"):
        cluster.list("pods")
    with pytest.raises(NoData, match="does not have the pods/eviction asked for"):
        cluster.create("Pod", "kafka-0", "eviction", {})
    assert cluster.get("Pod", "kafka-0") is None
    cluster.delete("Pod", "kafka-0")


@pytest.mark.parametrize("answer", [{}, {"items": [1]}, {"items": {}}, {"items": [{"spec": {}}]}])
def test_an_answer_that_is_no_list_of_objects(cluster: Cluster, server: FakeServer, answer: Any) -> None:
    server.routes[PODS] = (200, answer)
    with pytest.raises(UnexpectedAnswer, match=r"to list pods the API server \S+ answers with no list: it is no API"):
        cluster.list("pods")


def test_a_quota_that_is_used_up_is_no_matter_of_rights(cluster: WritableCluster, server: FakeServer) -> None:
    server.routes[PODS] = (403, {"message": 'pods "x" is forbidden: exceeded quota: q'})
    with pytest.raises(UnexpectedAnswer, match=r"does not create pods \(403 .* exceeded quota: q") as caught:
        cluster.call("POST", PODS, {})
    assert not isinstance(caught.value, AccessDenied)


def test_a_busy_server_is_asked_again_when_it_says_so(cluster: WritableCluster, server: FakeServer) -> None:
    replies: list[Reply] = [(429, {}, {"Retry-After": "0"}), (200, {"kind": "Pod"})]
    server.routes[PODS] = lambda _query: replies.pop(0)
    assert cluster.call("POST", PODS, {"a": 1}) == {"kind": "Pod"}
    assert server.posted == [{"a": 1}, {"a": 1}]


def test_a_change_that_may_have_been_made_is_not_asked_for_again(cluster: WritableCluster, server: FakeServer) -> None:
    server.routes[PODS] = lambda _query: _hang_up()
    assert_told(cluster, "call", ServiceUnreachable, "it closes the connection without an answer")
    assert len(server.posted) == 1


def _hang_up() -> Reply:
    raise ConnectionAbortedError


@pytest.mark.parametrize(
    ("method", "path", "verb", "resource"),
    [
        ("GET", "/apis/metrics.k8s.io/v1beta1/nodes", "list", "nodes.metrics.k8s.io"),
        ("GET", "/apis/apps/v1/namespaces/kube-system/deployments", "list", "deployments.apps in kube-system"),
        ("PATCH", "/apis/apps/v1/namespaces/plant/deployments/x/scale?force=true", "patch", "deployments.apps/scale"),
        ("DELETE", f"{PODS}?labelSelector=a", "delete", "pods"),
        ("GET", NS, "get", "namespaces"),
        ("GET", "/readyz?verbose", "get", "/readyz"),
    ],
)
def test_what_was_asked_is_said_as_kubectl_says_it(method: str, path: str, verb: str, resource: str) -> None:
    assert asked_of(method, path, "plant") == (verb, resource)


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


@pytest.mark.parametrize("page", [b"<!doctype html>", {"items": None}, {}])
def test_what_is_no_api_server_is_said_at_once(cluster: Cluster, server: FakeServer, page: Any) -> None:
    server.routes[NS] = (200, page)
    with pytest.raises(UnexpectedAnswer, match="it is no API server, or a login page or a proxy is in front"):
        cluster.require_namespace()


def to_port(port: int, folder: Path, **entries: Any) -> WritableCluster:
    return WritableCluster.connect(Target(str(kubeconfig(folder / "config", port, **entries)), "", "plant"))


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_server_that_refuses(tmp_path: Path, request_: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    step = f"kubectl --kubeconfig {tmp_path}/config --context fake get --raw /readyz"
    said = f"the API server http://127.0.0.1:{port} cannot be reached: connection refused. Next: {step}"
    assert_told(to_port(port, tmp_path), request_, ServiceUnreachable, f"^{re.escape(said)}$")


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_server_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request_: str) -> None:
    monkeypatch.setattr(api_server, "READ_TIMEOUT_S", 0.2)
    monkeypatch.setattr(api_server, "WRITE_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as one:
        hanging = to_port(int(one.getsockname()[1]), tmp_path)
        assert_told(hanging, request_, ServiceUnreachable, r"did not answer in time to \w+ pods")


def test_the_namespace_is_asked_for_within_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kubernetes.CONNECT_TIMEOUT_S <= 3.0
    monkeypatch.setattr(kubernetes, "CONNECT_TIMEOUT_S", 0.3)
    started = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as one, pytest.raises(ServiceUnreachable, match="to get namespaces"):
        to_port(int(one.getsockname()[1]), tmp_path).require_namespace()
    assert time.monotonic() - started < 2


def test_an_object_is_applied_in_its_own_namespace(cluster: WritableCluster, server: FakeServer) -> None:
    roles = "/apis/rbac.authorization.k8s.io/v1/namespaces"
    manifests = {
        f"{roles}/kube-system/roles/r": {"kind": "Role", "metadata": {"name": "r", "namespace": "kube-system"}},
        f"{roles}/plant/roles/r": {"kind": "Role", "metadata": {"name": "r"}},
        "/api/v1/namespaces/n": {"kind": "Namespace", "metadata": {"name": "n"}},
    }
    server.routes = dict.fromkeys(manifests, (200, {}))
    for manifest in manifests.values():
        cluster.apply(manifest)
    assert [asked[:2] for asked in server.asked] == [
        ("PATCH", f"{path}?fieldManager=conveyor-deploy&force=true") for path in manifests
    ]
    assert {asked[2]["Content-Type"] for asked in server.asked} == {"application/apply-patch+yaml"}
    assert server.posted == list(manifests.values())


def test_what_is_deleted_takes_along_what_it_owns_unless_that_has_to_stay(
    cluster: WritableCluster, server: FakeServer
) -> None:
    server.routes[f"{PODS}/x"] = (200, {})
    cluster.delete("Pod", "x", grace=0)
    cluster.delete("Pod", "x", orphans=True)
    assert server.posted == [
        {"propagationPolicy": "Background", "gracePeriodSeconds": 0},
        {"propagationPolicy": "Orphan"},
    ]


def test_who_only_reads_has_no_way_to_write() -> None:
    writes = vars(WritableCluster).keys() - vars(Cluster).keys()
    assert {"apply", "merge", "create", "delete", "call"} <= writes
    assert not [name for name in writes if hasattr(Cluster, name) and not name.startswith("__")]
