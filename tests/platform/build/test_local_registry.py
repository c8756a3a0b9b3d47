"""The registry that plays the public ones: what is in it, and how it is started and ended."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from pipeline_services.clients.engine import Engine
from pipeline_services.model.paths import Cache
from pipeline_services.model.waiting import WaitExpired
from pipeline_services.platform.build import node, versions
from pipeline_services.platform.build.assembly import Assembly
from pipeline_services.platform.build.origin import REGISTRY, Origin, answers
from pipeline_services.platform.build.upstream import NODE, UPSTREAM
from tests.acceptance import local_registry
from tests.acceptance.local_registry import REARRANGED, dockerfile, push, served
from tests.programs import program

PLACE = Origin(REGISTRY, "localhost:5000")
A_REGISTRY = """#!/bin/sh
exec python3 -c '
import http.server, re, sys
class Answers(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.send_response(200)
        self.end_headers()
port = re.search("127.0.0.1:([0-9]+)", open(sys.argv[2]).read())[1]
http.server.HTTPServer(("127.0.0.1", int(port)), Answers).serve_forever()
' "$@"
"""


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_every_image_that_is_pulled_is_in_it() -> None:
    assert REARRANGED.keys() == UPSTREAM.keys()
    assert dockerfile("loki").splitlines()[:3] == ["ARG BASE", "FROM ${BASE}", "USER 0"]


def test_each_is_made_of_the_image_from_packages_and_pushed_under_its_own_name(tmp_path: Path) -> None:
    podman = Engine(program(tmp_path / "program", f'#!/bin/sh\necho "$*" >>{tmp_path}/told\n'), is_podman=True, env={})
    built = Assembly.of(Cache(tmp_path), versions.load(), podman)
    said: list[str] = []
    push(built, PLACE, said.append)
    lines = (tmp_path / "told").read_text(encoding="utf-8").splitlines()
    ref = "localhost:5000/kindest/node:v1.34.11"
    [made] = [line for line in lines if line.startswith("build") and ref in line]
    assert f"BASE={node.tag(built.images, node.FIRST_STEP, built.graph.key(node.FIRST_STEP))}" in made
    assert lines[-2:] == [f"push --quiet --tls-verify=false {ref}", f"rmi {ref}"]
    assert said[-1] == f"pushing {ref}"
    assert len(said) == len(UPSTREAM)
    assert list(UPSTREAM)[-1] == NODE


def test_it_answers_within_the_block_and_not_after(tmp_path: Path, free_port: int) -> None:
    with served(program(tmp_path / "program", A_REGISTRY), tmp_path, free_port) as place:
        assert answers(place)
    assert not answers(place)


def test_one_that_does_not_start_is_an_error(tmp_path: Path, free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_registry, "STARTED_WITHIN_S", 0.5)
    with (
        pytest.raises(WaitExpired, match="the registry to answer"),
        served(program(tmp_path / "program", "#!/bin/sh\nexit 1\n"), tmp_path, free_port),
    ):
        pass
