"""``make triage`` on the running pipeline: quick, the same for a stranger's kubeconfig, and patient where asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.model import roles
from pipeline_services.platform.cluster.access import ClusterAccess
from tests.acceptance.bench import Judge, Namespace, becomes_green, triage
from tests.acceptance.tellers import PODS

pytestmark = pytest.mark.live

WITHIN = 20.0


def answer(reports: Path) -> dict[str, Any]:
    return dict(json.loads((reports / "triage.json").read_text()))


def test_a_healthy_pipeline_is_said_to_be_healthy_in_time(tmp_path: Path, namespace: Namespace, judge: Judge) -> None:
    becomes_green(judge, "a green start")
    before = namespace.inventory()
    run = triage(reports=tmp_path)
    assert run.seconds < WITHIN
    assert run.exit_code == 0, run.output
    assert answer(tmp_path)["healthy"] is True
    assert namespace.inventory() == before


def test_a_strangers_kubeconfig_does_and_is_left_as_it_is(access: ClusterAccess, tmp_path: Path) -> None:
    copy = tmp_path / "handed-over.yaml"
    copy.write_text(access.reader_kubeconfig.read_text())
    copy.chmod(0o400)
    before = copy.read_bytes()
    run = triage("--kubeconfig", copy, "--context", access.context, reports=tmp_path / "reports")
    assert run.exit_code == 0, run.output
    assert copy.read_bytes() == before


def test_a_namespace_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    run = triage("--namespace", "nowhere", reports=tmp_path)
    assert run.exit_code == 4
    assert len(run.output.splitlines()) == 1
    assert "nowhere" in run.output


def test_a_deleted_pod_is_watched_until_it_is_back_and_written_down(admin: WritableCluster, tmp_path: Path) -> None:
    victim = next(pod for pod in admin.list("Pod") if pod["metadata"]["labels"].get("app") == roles.PROCESSOR)
    admin.call("DELETE", f"{PODS}/{victim['metadata']['name']}", {"gracePeriodSeconds": 0})
    run = triage("--watch", reports=tmp_path)
    assert run.exit_code == 0, run.output
    assert answer(tmp_path)["healthy"] is True
    document = next(tmp_path.glob("incident-*.md")).read_text()
    assert "healed by itself" in document
    assert "| Over | 20" in document
    assert "None: it is over." in document
