"""The suite on a cluster that is not its own: judged as it is, and every mistake in the call is one clear line."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest
import yaml

from pipeline_services.platform.cluster.access import ClusterAccess
from tests.acceptance.bench import Run, pytest_daily

pytestmark = pytest.mark.live

SOON = 20.0
"""Seconds on a machine that may be busy, the report included."""


@pytest.fixture
def foreign(access: ClusterAccess, tmp_path: Path) -> Path:
    """A kubeconfig as a stranger would hand it over: the read-only account alone."""
    copy = tmp_path / "handed-over.yaml"
    copy.write_text(access.reader_kubeconfig.read_text())
    copy.chmod(0o400)
    return copy


def test_a_foreign_cluster_is_judged_and_left_as_it_is(foreign: Path, access: ClusterAccess, tmp_path: Path) -> None:
    before = foreign.read_bytes()
    run = pytest_daily("--context", access.context, "--kubeconfig", foreign, reports=tmp_path / "reports")
    assert run.exit_code == 0, run.output
    assert foreign.read_bytes() == before


def said_in_one_line(run: Run, pattern: str) -> bool:
    telling = [line for line in run.output.splitlines() if re.search(pattern, line)]
    return len(telling) == 1 and "Traceback" not in run.output


def test_a_wrong_context_is_refused(foreign: Path, tmp_path: Path) -> None:
    run = pytest_daily("--context", "nowhere", "--kubeconfig", foreign, reports=tmp_path / "reports")
    assert (run.exit_code, run.seconds < SOON) == (4, True), run.output
    assert said_in_one_line(run, "no context nowhere"), run.output


def test_a_missing_namespace_is_refused(foreign: Path, tmp_path: Path) -> None:
    run = pytest_daily("--kubeconfig", foreign, "--namespace", "no-such", reports=tmp_path / "reports")
    assert (run.exit_code, run.seconds < SOON) == (4, True), run.output
    assert said_in_one_line(run, "no-such"), run.output


def test_a_server_that_refuses_is_inconclusive(foreign: Path, tmp_path: Path) -> None:
    run = asked_elsewhere(foreign, tmp_path, "https://127.0.0.1:1")
    assert (run.exit_code, run.seconds < SOON) == (2, True), run.output
    assert "cannot be reached" in run.output


def test_a_server_that_never_answers_is_inconclusive(foreign: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        run = asked_elsewhere(foreign, tmp_path, f"https://127.0.0.1:{silent.getsockname()[1]}")
    assert (run.exit_code, run.seconds < SOON) == (2, True), run.output
    assert "did not answer in time" in run.output


def asked_elsewhere(kubeconfig: Path, tmp_path: Path, server: str) -> Run:
    """A run against another server than the kubeconfig's."""
    config = yaml.safe_load(kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = server
    other = tmp_path / "elsewhere.yaml"
    other.write_text(yaml.safe_dump(config))
    return pytest_daily("--kubeconfig", other, reports=tmp_path / "reports")
