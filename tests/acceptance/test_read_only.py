"""Neither the daily run nor triage can change anything, or tries to: their rights, and the API server's own record."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_services.clients import engine as engines
from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.model import own_cluster
from pipeline_services.model.paths import Cache, cache_root
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.cluster.access import ClusterAccess
from tests.acceptance.bench import Run, pytest_daily, triage

pytestmark = pytest.mark.live

NAMESPACE = Pipeline.load().namespace
AUDIT_LOG = "/var/log/kubernetes/audit.log"
READER = f"system:serviceaccount:{NAMESPACE}:{own_cluster.READER_ACCOUNT}"
READING = {"get", "list", "watch"}
FORBIDDEN = [
    *(("create", "", "pods", part) for part in ("", "exec", "attach", "eviction")),
    ("get", "", "pods", "exec"),
    ("delete", "", "pods", ""),
    ("update", "", "secrets", ""),
    ("patch", "", "configmaps", ""),
    ("patch", "apps", "deployments", ""),
    ("update", "apps", "deployments", "scale"),
    ("delete", "", "persistentvolumeclaims", ""),
    ("create", "networking.k8s.io", "networkpolicies", ""),
    ("create", "", "serviceaccounts", "token"),
]


@pytest.mark.parametrize(("verb", "group", "resource", "part"), FORBIDDEN, ids=lambda word: word or "-")
def test_the_reader_may_not(admin: WritableCluster, verb: str, group: str, resource: str, part: str) -> None:
    attributes = {"namespace": NAMESPACE, "verb": verb, "group": group, "resource": resource, "subresource": part}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": READER, "resourceAttributes": attributes},
    }
    answer = admin.call("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
    assert answer["status"]["allowed"] is False


@pytest.mark.parametrize("command", [pytest_daily, triage], ids=["daily", "triage"])
def test_the_api_servers_record_of_a_run_shows_no_write(
    access: ClusterAccess, tmp_path: Path, command: Callable[..., Run]
) -> None:
    engine = engines.find(Cache(cache_root()), print)
    node = f"{access.name}-control-plane"

    def record() -> list[str]:
        return engine.run("exec", node, "cat", AUDIT_LOG).splitlines()

    before = len(record())
    run = command(reports=tmp_path)
    entries = [json.loads(line) for line in record()[before:]]
    did = Counter(_deed(entry) for entry in entries)
    assert run.exit_code in (0, 1, 2), run.output
    assert len(entries) > 20, "the record of the run is missing"
    writes = {deed: count for deed, count in did.items() if deed[0] not in READING and deed[1] != "pods/portforward"}
    assert writes == {}


def _deed(entry: dict[str, dict[str, str]]) -> tuple[str, str]:
    target = entry.get("objectRef", {})
    resource = "/".join(part for part in (target.get("resource"), target.get("subresource")) if part)
    return str(entry["verb"]), resource
