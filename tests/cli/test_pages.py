"""``make open``: what is ready is opened and named, what is not is said in a line, and Ctrl-C is how it ends."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline_services.cli import main as cli
from pipeline_services.cli import pages as opened
from pipeline_services.cli.pages import Pages
from pipeline_services.clients.port_forward import PortForward
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.paths import Cache
from pipeline_services.model.settings import Target
from pipeline_services.platform.cluster.access import ClusterAccess, access_to
from tests.snapshot.fake_pipeline import NS, OWN, FakePipeline, endpoint_slice, fake_pipeline

DASHBOARD = f"/d/{OWN.dashboard.uid}"


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[FakePipeline]:
    with fake_pipeline(tmp_path) as running:
        running.grafana.routes[DASHBOARD] = (200, b"<!DOCTYPE html><html><body>CA3</body></html>")
        yield running


def target(pipeline: FakePipeline) -> Target:
    access = pipeline.cluster.server.access
    return Target(str(access.files), access.context, NS, OWN)


def test_each_page_is_named_and_answers(pipeline: FakePipeline, tmp_path: Path) -> None:
    said: list[str] = []
    report = tmp_path / "index.html"
    report.write_text("x")
    with Pages(target(pipeline), said.append, report):
        grafana, prometheus, page, last = said
        with urllib.request.urlopen(grafana.split()[1], timeout=5) as answer:
            assert b"CA3" in answer.read()
    assert grafana.split()[1].endswith(DASHBOARD)
    assert prometheus.split()[1].endswith("/api/v1/targets")
    assert "built without its pages" in prometheus
    assert page.split() == ["report", report.as_uri()]
    assert last == "Ctrl-C closes them."


def test_what_is_not_ready_is_said_and_the_other_is_opened(pipeline: FakePipeline, tmp_path: Path) -> None:
    slices = [endpoint_slice(one, ready=one != "prometheus") for one in OWN.services.values()]
    pipeline.serve("endpointslices", *slices)
    said: list[str] = []
    with Pages(target(pipeline), said.append, tmp_path / "none"):
        assert said[1].startswith("prometheus  no ready pod behind the service prometheus-service")
    assert len(said) == 3


def test_nothing_that_is_ready_is_an_error(pipeline: FakePipeline, tmp_path: Path) -> None:
    pipeline.serve("endpointslices")
    with pytest.raises(PipelineError, match="nothing to open is ready"), Pages(target(pipeline), print, tmp_path):
        pass


def test_a_page_whose_pod_went_is_said_once(pipeline: FakePipeline, tmp_path: Path) -> None:
    said: list[str] = []
    with Pages(target(pipeline), said.append, tmp_path / "none") as pages:
        for component, forward in pages._open.items():
            forward.failure = PipelineError(f"{component} went")
        pages.watch()
    assert said[-2:] == [f"{one:<12}{one} went. Once it is ready: make open" for one in ("grafana", "prometheus")]


def test_a_port_that_is_taken_is_another_one(pipeline: FakePipeline, tmp_path: Path) -> None:
    with Pages(target(pipeline), print, tmp_path) as first, Pages(target(pipeline), print, tmp_path) as second:
        ports = [[forward.port for forward in one._open.values()] for one in (first, second)]
    assert not set(ports[0]) & set(ports[1])


def test_a_forward_listens_where_it_is_told(pipeline: FakePipeline) -> None:
    slices = [endpoint_slice("grafana")]
    endpoint = opened.ready_endpoint(OWN.service("grafana"), "app=grafana", slices, NS)
    with PortForward(pipeline.cluster, endpoint) as free:
        wanted = free.port
    with PortForward(pipeline.cluster, endpoint, wanted) as forward:
        assert forward.port == wanted


@pytest.fixture
def access(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClusterAccess:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return access_to(Cache(tmp_path / "conveyor"))


def test_without_a_cluster_the_next_step_is_said(access: ClusterAccess, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["open"]) == 1
    assert capsys.readouterr() == ("", "there is no cluster conveyor. Next: make up\n")


def test_a_kubeconfig_that_is_none_is_one_line(access: ClusterAccess, capsys: pytest.CaptureFixture[str]) -> None:
    access.reader_kubeconfig.parent.mkdir(parents=True)
    access.reader_kubeconfig.write_text("nonsense")
    assert cli.main(["open"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_ctrl_c_is_how_it_ends(
    access: ClusterAccess, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], pipeline: FakePipeline
) -> None:
    def stop(_pages: Pages) -> None:
        raise KeyboardInterrupt

    access.reader_kubeconfig.parent.mkdir(parents=True)
    access.reader_kubeconfig.write_text(Path(target(pipeline).kubeconfig or "").read_text())
    monkeypatch.setattr(cli, "access_to", lambda *_: ClusterAccess("x", "fake", Path(), access.reader_kubeconfig))
    monkeypatch.setattr(Pages, "watch", stop)
    assert cli.main(["open"]) == 0
    assert "closed by Ctrl-C" in capsys.readouterr().err
