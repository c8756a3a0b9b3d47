"""Commands, exit codes, and errors in one line."""

from __future__ import annotations

import http.server
import shutil
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pipeline_services.platform import access, cli, lifecycle, preflight
from pipeline_services.platform.compile import Workshop
from pipeline_services.platform.failures import Interrupted, PlatformError, StepFailed
from pipeline_services.platform.graph import COMPILE, FETCH, Step
from pipeline_services.platform.paths import Cache
from pipeline_services.platform.versions import load


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return Cache(tmp_path / "conveyor")


def test_kubeconfig_prints_the_path_and_nothing_else(cache: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    file = cache.cluster("conveyor") / "kubeconfig"
    file.parent.mkdir(parents=True)
    file.touch()
    assert cli.main(["kubeconfig"]) == 0
    assert capsys.readouterr() == (f"{file}\n", "")


def test_kubeconfig_of_a_cluster_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["kubeconfig", "--name", "other"]) == 1
    assert capsys.readouterr() == ("", "there is no cluster other. Next: make up\n")


def test_kubectl_is_not_there_before_it_was_built(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["kubectl"]) == 1
    assert "there is no kubectl yet. Next: make up" in capsys.readouterr().err


def test_unknown_command_is_a_usage_error() -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["sideways"])
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (PlatformError("too little", next_step="make room"), 1, "too little. Next: make room\n"),
        (KeyboardInterrupt(), 130, "stopped; run the same command again: it goes on from there\n"),
        (Interrupted("stopped by Ctrl-C"), 130, "stopped by Ctrl-C\n"),
        (StepFailed("loki", "no", Path("/log"), "line 1\nline 2"), 1, "line 1\nline 2\nloki: no. Next: read /log, "),
    ],
    ids=["error", "ctrl-c", "ctrl-c-in-a-step", "step"],
)
def test_failure_is_said_and_has_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, text: str
) -> None:
    def fail(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(cli.shell, "stop_children", lambda: None)
    monkeypatch.setattr(lifecycle, "up", fail)
    assert cli.main(["up"]) == code
    assert text in capsys.readouterr().err


def test_ensure_leaves_a_cluster_that_answers_alone(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    found = access.access_to(cache)
    found.reader_kubeconfig.parent.mkdir(parents=True)
    found.reader_kubeconfig.touch()
    monkeypatch.setattr(lifecycle, "answers", lambda _access: True)
    monkeypatch.setattr(lifecycle, "up", lambda *_: pytest.fail("brought up"))
    assert lifecycle.ensure_cluster() == found


@pytest.mark.parametrize(("lane", "need"), [(COMPILE, "24 GiB"), (FETCH, "6 GiB")])
def test_too_little_disk_says_how_much_is_needed(
    cache: Cache, monkeypatch: pytest.MonkeyPatch, lane: str, need: str
) -> None:
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(9, 9, 3 << 30))  # type: ignore[attr-defined]
    todo = [Step("kubernetes", lane, 1.0, done=lambda _: False, run=lambda _: None)]
    with pytest.raises(PlatformError, match=rf"3\.0 GiB are free where .*, {need} are needed"):
        preflight.check(Workshop(cache, load()), todo)


def test_module_proxy_that_does_not_answer_is_one_line(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho http://127.0.0.1:9/,direct\n", encoding="utf-8")
    go.chmod(0o755)
    monkeypatch.setattr(preflight.toolchains, "go_program", lambda *_: go)
    with pytest.raises(PlatformError, match=r"the Go module proxy http://127\.0\.0\.1:9/ does not answer"):
        preflight.check_module_proxy(Workshop(cache, load()))


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
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
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
