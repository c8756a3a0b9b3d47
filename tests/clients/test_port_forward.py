"""A port-forward carries bytes both ways, says what is wrong, and leaves no thread behind."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline_services.clients.http import HttpApi
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.port_forward import Endpoint, PortForward, ready_endpoint
from pipeline_services.model.component import Service
from pipeline_services.model.errors import AccessDenied, ServiceUnreachable
from tests.clients.fake_servers import FakeServer, echoing, serving

KAFKA = Service("kafka-service", 9092)
ENDPOINT = Endpoint("kafka-service", "kafka-0", 9092)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with serving({}) as running, echoing() as port:
        running.pods["kafka-0", 9092] = port
        yield running


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("forward")] == []


def received(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = connection.recv(65536)
        assert chunk, f"closed after {len(data)} of {size} bytes"
        data += chunk
    return data


def test_bytes_come_back_as_they_went(cluster: Cluster) -> None:
    sent = bytes(range(256)) * 4000
    with PortForward(cluster, ENDPOINT) as forward, socket.create_connection(("127.0.0.1", forward.port), 5) as local:
        writer = threading.Thread(target=local.sendall, args=(sent,))
        writer.start()
        assert received(local, len(sent)) == sent
        writer.join()


def test_connections_live_side_by_side(cluster: Cluster, server: FakeServer) -> None:
    with PortForward(cluster, ENDPOINT) as forward:
        connections = [socket.create_connection(("127.0.0.1", forward.port), 5) for _ in range(5)]
        for turn in range(3):
            for number, connection in enumerate(connections):
                connection.sendall(b"%d:%d" % (turn, number))
            for number, connection in enumerate(connections):
                assert received(connection, 3) == b"%d:%d" % (turn, number)
        for connection in connections:
            connection.close()
    forwards = [path for _, path, _ in server.asked if "portforward" in path]
    assert forwards == ["/api/v1/namespaces/plant/pods/kafka-0/portforward?ports=9092"] * 5


def test_closing_cuts_open_connections(cluster: Cluster) -> None:
    with PortForward(cluster, ENDPOINT) as forward:
        local = socket.create_connection(("127.0.0.1", forward.port), 5)
        local.sendall(b"x")
        assert received(local, 1) == b"x"
    assert local.recv(1) == b""
    local.close()


def test_a_forward_that_nobody_used_closes(cluster: Cluster) -> None:
    with PortForward(cluster, ENDPOINT):
        pass


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (403, AccessDenied, "not allowed to get pods/portforward"),
        (404, ServiceUnreachable, "kafka-service: the pod kafka-0 is gone"),
        (503, ServiceUnreachable, "503"),
    ],
)
def test_a_forward_that_is_refused(
    cluster: Cluster, server: FakeServer, status: int, error: type[Exception], said: str
) -> None:
    server.forward_status = status
    with pytest.raises(error, match=said), PortForward(cluster, ENDPOINT):
        pass


def test_a_later_connection_that_is_refused_says_why(cluster: Cluster, server: FakeServer) -> None:
    with PortForward(cluster, ENDPOINT) as forward:
        server.forward_status = 403
        first = socket.create_connection(("127.0.0.1", forward.port), 5)
        first.sendall(b"x")
        assert received(first, 1) == b"x"
        with socket.create_connection(("127.0.0.1", forward.port), 5) as second:
            assert second.recv(1) == b""
        assert isinstance(forward.failure, AccessDenied)
        first.close()


def test_a_port_that_nobody_listens_on_says_so(cluster: Cluster) -> None:
    with PortForward(cluster, Endpoint("kafka-service", "kafka-0", 9999)) as forward:
        api = HttpApi("kafka-service", forward.port, cause=lambda: forward.failure)
        with pytest.raises(ServiceUnreachable, match=r"kafka-service \(kafka-0:9999\): cannot reach port 9999"):
            api.ask("/")
        api.close()


def slices(*ready: bool, ports: tuple[int, ...] = (9092,), service: str = "kafka-service") -> list[dict[str, Any]]:
    endpoints = [
        {"targetRef": {"kind": "Pod", "name": f"kafka-{number}"}, "conditions": {"ready": state}}
        for number, state in enumerate(ready)
    ]
    labels = {"kubernetes.io/service-name": service}
    return [{"metadata": {"labels": labels}, "endpoints": endpoints, "ports": [{"port": port} for port in ports]}]


def test_the_first_ready_pod_is_taken() -> None:
    assert ready_endpoint(KAFKA, "app=kafka", slices(False, True), "n") == Endpoint("kafka-service", "kafka-1", 9092)


@pytest.mark.parametrize(("ports", "taken"), [((9404, 9092), 9092), ((8443,), 8443)])
def test_the_pods_own_port_is_taken(ports: tuple[int, ...], taken: int) -> None:
    assert ready_endpoint(KAFKA, "app=kafka", slices(True, ports=ports), "n").port == taken


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (slices(False, False), r"not ready: kafka-0, kafka-1"),
        (slices(), "no pods"),
        (slices(True, service="other"), "no pods"),
        ([{"metadata": {}, "endpoints": None, "ports": None}], "no pods"),
    ],
)
def test_no_ready_pod_is_said_with_the_next_step(found: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(ServiceUnreachable, match=said) as caught:
        ready_endpoint(KAFKA, "app=kafka", found, "plant")
    assert caught.value.next_step == "kubectl get endpointslices,pods -n plant -l app=kafka"
