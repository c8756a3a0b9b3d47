"""Rights on the namespace alone, and not even on all of it: what may not be read is named, the rest is judged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pipeline_services import faults
from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.faults.journal import Call, Journal
from pipeline_services.model import own_cluster
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.cluster.access import ClusterAccess
from tests.acceptance.bench import Judge, becomes_green, pytest_daily

pytestmark = pytest.mark.live

NAMESPACE = Pipeline.load().namespace
CORE = f"/api/v1/namespaces/{NAMESPACE}"
RIGHTS = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}"
NARROW = "narrow-reader"
WITHHELD = "horizontalpodautoscalers"
OF_NO_NAMESPACE = tuple(f"list {kind.title}" for kind in KINDS.values() if not kind.namespaced)
OF_THE_SYSTEM = ("list deployments.apps", "list daemonsets.apps", "list leases.coordination.k8s.io", "get configmaps")
HANGS_ON = (*OF_NO_NAMESPACE, f"list {WITHHELD}", *(f"{right} in kube-" for right in OF_THE_SYSTEM))
"""What a run may find missing: what is in no namespace or another one, and what this account is not given."""


@pytest.fixture
def narrow(admin: WritableCluster, journal: Journal, access: ClusterAccess, tmp_path: Path) -> Iterator[Path]:
    """The kubeconfig of an account that has the daily checks' Role but for the autoscalers, and nothing else."""
    rules = admin.call("GET", f"{RIGHTS}/roles/{own_cluster.READER_ACCOUNT}")["rules"]
    role = {"metadata": {"name": NARROW}, "rules": [rule for rule in rules if WITHHELD not in rule["resources"]]}
    binding = {
        "metadata": {"name": NARROW},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": NARROW},
        "subjects": [{"kind": "ServiceAccount", "name": NARROW, "namespace": NAMESPACE}],
    }
    given = faults.Fault(
        "an account with few rights",
        [
            Call("POST", f"{CORE}/serviceaccounts", {"metadata": {"name": NARROW}}),
            Call("POST", f"{RIGHTS}/roles", role),
            Call("POST", f"{RIGHTS}/rolebindings", binding),
        ],
        [
            Call("DELETE", f"{RIGHTS}/rolebindings/{NARROW}"),
            Call("DELETE", f"{RIGHTS}/roles/{NARROW}"),
            Call("DELETE", f"{CORE}/serviceaccounts/{NARROW}"),
        ],
    )
    with faults.injected(admin, journal, given):
        token = admin.call("POST", f"{CORE}/serviceaccounts/{NARROW}/token", {"spec": {}})["status"]["token"]
        config = yaml.safe_load(access.reader_kubeconfig.read_text())
        config["users"][0]["user"] = {"token": token}
        file = tmp_path / "narrow.yaml"
        file.write_text(yaml.safe_dump(config))
        yield file


def test_what_may_not_be_read_is_named_and_the_rest_is_judged(narrow: Path, judge: Judge, tmp_path: Path) -> None:
    becomes_green(judge, "a green start")
    run = pytest_daily("--kubeconfig", narrow, reports=tmp_path / "reports")
    assert run.exit_code == 2, run.output
    cases = json.loads((tmp_path / "reports" / "daily.json").read_text())["checks"]
    unknown = [case for case in cases if case["outcome"] == "inconclusive"]
    assert [case for case in cases if case["outcome"] == "failed"] == []
    assert unknown
    unnamed = [case["message"] for case in unknown if not any(what in case["message"] for what in HANGS_ON)]
    assert unnamed == []
    assert len(cases) - len(unknown) > 100, run.output
