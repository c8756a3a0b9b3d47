"""Every way in which an HTTP service does not answer is one clear line, soon."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline_services.clients.http import HttpApi, Tls
from pipeline_services.model.errors import AccessDenied, NoData, PipelineError, ServiceUnreachable, UnexpectedAnswer
from tests.clients.certificate_maker import issue, with_tls
from tests.clients.fake_servers import FakeServer, Reply, serving

CA = issue("the CA")


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with serving({"/ok": (200, {"a": 1}), "/echo": lambda query: (200, query)}) as running:
        yield running


@pytest.fixture
def api(server: FakeServer) -> Iterator[HttpApi]:
    asking = HttpApi("grafana-service", server.port)
    yield asking
    asking.close()


def test_json_comes_as_json(api: HttpApi) -> None:
    assert api.ask_json("/ok") == {"a": 1}


def test_the_query_is_encoded(api: HttpApi) -> None:
    assert api.ask_json("/echo", {"query": 'up{job="kafka"} > 0 & 1'}) == {"query": 'up{job="kafka"} > 0 & 1'}


def test_a_body_is_posted_as_json(api: HttpApi, server: FakeServer) -> None:
    api.ask_json("/ok", body={"queries": []}, headers={"X-Who": "me"})
    assert server.posted == [{"queries": []}]
    assert server.asked[0][0] == "POST"
    assert server.asked[0][2]["X-Who"] == "me"


def test_bytes_and_files_are_sent_as_they_are(api: HttpApi, server: FakeServer, tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"[1, 2]")
    with (tmp_path / "body").open("rb") as file:
        assert api.send("POST", "/ok", file, {"a": "b"}, headers={"Content-Length": "6"}).status == 200
    assert api.send("DELETE", "/ok", b"3").status == 200
    assert server.posted == [[1, 2], 3]
    assert [asked[:2] for asked in server.asked] == [("POST", "/ok?a=b"), ("DELETE", "/ok")]


def test_a_long_answer_is_read_line_by_line(api: HttpApi, server: FakeServer) -> None:
    server.routes["/long"] = (200, b"one\ntwo\nthree")
    with api.opened("/long") as answer:
        assert list(answer) == [b"one\n", b"two\n", b"three"]


@pytest.mark.parametrize(
    ("reply", "error", "said"),
    [
        ((404, b"no such shard"), NoData, "grafana-service answers 404 to /long: no such shard"),
        ((401, b"who?"), UnexpectedAnswer, "answers 401 to /long: who?"),
        ((200, b"cut", {"Content-Length": "9"}), ServiceUnreachable, "did not answer /long within 0.5 s"),
    ],
)
def test_a_long_answer_that_is_none(
    api: HttpApi, server: FakeServer, reply: Reply, error: type[PipelineError], said: str
) -> None:
    server.routes["/long"] = reply
    with pytest.raises(error, match=said), api.opened("/long", timeout=0.5) as answer:
        list(answer)


@pytest.mark.parametrize(
    ("reply", "error", "said"),
    [
        ((401, {}), AccessDenied, "not allowed to read grafana-service/ok"),
        ((403, {}), AccessDenied, "not allowed to read grafana-service/ok"),
        ((503, b"starting\nup"), ServiceUnreachable, "grafana-service answers 503: starting up"),
        ((500, {"message": "boom"}), UnexpectedAnswer, "500 to /ok: .*boom"),
        ((302, b""), UnexpectedAnswer, "302"),
        ((200, b"<html>"), UnexpectedAnswer, "no JSON: '<html>'"),
    ],
    ids=["401", "403", "503", "500", "302", "html"],
)
def test_an_answer_that_is_not_the_one_wanted(
    api: HttpApi, server: FakeServer, reply: Reply, error: type[PipelineError], said: str
) -> None:
    server.routes["/ok"] = reply
    with pytest.raises(error, match=said) as caught:
        api.ask_json("/ok")
    assert type(caught.value) is error
    assert "\n" not in str(caught.value)


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    with pytest.raises(ServiceUnreachable, match="loki-service does not answer"):
        HttpApi("loki-service", port).ask("/ready")


def test_the_reason_of_the_way_there_comes_first() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    api = HttpApi("loki-service", port, cause=lambda: AccessDenied("get", "pods/portforward"))
    with pytest.raises(AccessDenied, match="pods/portforward"):
        api.ask("/ready")


def test_a_service_that_hangs() -> None:
    started = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        api = HttpApi("loki-service", int(listener.getsockname()[1]))
        with pytest.raises(ServiceUnreachable, match=r"loki-service did not answer /ready within 0.3 s"):
            api.ask("/ready", timeout=0.3)
    assert time.monotonic() - started < 2


def test_a_certificate_is_checked_for_the_name_not_the_address(server: FakeServer, tmp_path: Path) -> None:
    with_tls(server, issue("influxdb-service", by=CA), tmp_path)
    ca = CA.certificate.decode()
    assert HttpApi("i", server.port, tls=Tls("influxdb-service", ca)).ask("/ok").status == 200
    assert HttpApi("i", server.port, tls=Tls("whatever")).ask("/ok").status == 200


@pytest.mark.parametrize(
    ("name", "ca"), [("other-service", CA), ("influxdb-service", issue("another CA"))], ids=["name", "ca"]
)
def test_a_certificate_that_is_not_trusted(server: FakeServer, tmp_path: Path, name: str, ca: object) -> None:
    with_tls(server, issue("influxdb-service", by=CA), tmp_path)
    api = HttpApi("influxdb-service", server.port, tls=Tls(name, ca.certificate.decode()))  # type: ignore[attr-defined]
    with pytest.raises(ServiceUnreachable, match="no trusted TLS connection to influxdb-service"):
        api.ask("/ok")
