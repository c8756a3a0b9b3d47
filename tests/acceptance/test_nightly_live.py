"""The nightly run in the cluster: what its account may not do, a run, and the alerts that fire and clear.

Needs the suite's own cluster, builds the suite's image, and takes some 15 minutes: ``pytest -m live`` with this file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline_services.model.failures import CommandFailed
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.waiting import wait_until
from pipeline_services.platform.build.progress import Progress
from pipeline_services.platform.cluster import lifecycle
from pipeline_services.platform.cluster.access import ClusterAccess
from pipeline_services.platform.cluster.bring_up import Platform
from pipeline_services.platform.cluster.kind_cluster import KindCluster
from pipeline_services.platform.cluster.nightly import NAMESPACE

pytestmark = [pytest.mark.live, pytest.mark.slow]

SPACE = Pipeline.load().namespace
ACCOUNT = f"system:serviceaccount:{NAMESPACE}:nightly-reader"
EVERY = "/spec/template/spec/containers/0/command/5"
RUN_WITHIN_S = 900.0
SEEN_WITHIN_S = 300.0
"""Seconds until Prometheus has a new ConfigMap (a minute and a half), has reloaded, scraped (a minute) and judged."""


@pytest.fixture(scope="module")
def cluster(access: ClusterAccess) -> Iterator[KindCluster]:
    """The cluster with the nightly run in it; it is taken away again."""
    lifecycle.nightly(access.name, Progress(), installed=True)
    found = Platform.find(access.name, Progress())
    assert found
    yield found.cluster
    lifecycle.nightly(access.name, Progress(), installed=False)


def may(cluster: KindCluster, verb: str, what: str, space: str) -> bool:
    """What the API server answers about the account."""
    kind, _, part = what.partition("/")
    asked = (kind, f"--subresource={part}") if part else (kind,)
    try:
        return cluster.kubectl("auth", "can-i", verb, *asked, "-n", space, f"--as={ACCOUNT}").strip() == "yes"
    except CommandFailed as error:
        if error.code == 1:  # kubectl's way to say no
            return False
        raise


@pytest.mark.parametrize(
    ("verb", "what", "space", "allowed"),
    [
        ("list", "pods", SPACE, True),
        ("create", "pods/portforward", SPACE, True),
        ("delete", "pods", SPACE, False),
        ("create", "pods", SPACE, False),
        ("create", "pods/exec", SPACE, False),
        ("patch", "deployments", SPACE, False),
        ("patch", "configmaps", SPACE, False),
        ("delete", "persistentvolumeclaims", SPACE, False),
        ("list", "secrets", NAMESPACE, False),
        ("list", "secrets", "kube-system", False),
        ("create", "rolebindings", SPACE, False),
        ("patch", "cronjobs", NAMESPACE, False),
    ],
)
def test_the_account_reads_and_does_nothing_else(
    cluster: KindCluster, verb: str, what: str, space: str, allowed: bool
) -> None:
    assert may(cluster, verb, what, space) is allowed


def test_a_run_judges_the_pipeline_and_leaves_its_report(cluster: KindCluster) -> None:
    cluster.kubectl("create", "job", "live", "--from=cronjob/nightly", "-n", NAMESPACE)

    def ended() -> bool:
        job = json.loads(cluster.kubectl("get", "job", "live", "-n", NAMESPACE, "-o", "json"))
        return any(one["type"] in ("Complete", "Failed") for one in job.get("status", {}).get("conditions", ()))

    wait_until(ended, within=RUN_WITHIN_S, every=5.0, what="the run to end")
    log = cluster.kubectl("logs", "job/live", "-n", NAMESPACE)
    assert "daily    ok" in log, log
    assert "PASSED: " in in_pod(cluster, "cat", "/var/lib/nightly/reports/summary.txt")
    wait_until(
        lambda: sample(cluster, 'conveyor_nightly_step_passed{step="daily"}') == 1, within=SEEN_WITHIN_S, what="1"
    )


def test_a_missing_run_and_a_failing_one_fire_and_clear(cluster: KindCluster) -> None:
    wait_until(lambda: alerts(cluster) == set(), within=SEEN_WITHIN_S, every=5.0, what="no alert")
    due_every(cluster, hours="0.001")
    wait_until(lambda: "ConveyorNightlyMissing" in alerts(cluster), within=SEEN_WITHIN_S, every=5.0, what="the alert")
    due_every(cluster, hours="24")
    wait_until(lambda: alerts(cluster) == set(), within=SEEN_WITHIN_S, every=5.0, what="it to clear")
    rewrite(cluster, "passed", "failed")
    wait_until(lambda: alerts(cluster) == {"ConveyorNightlyFailing"}, within=SEEN_WITHIN_S, every=5.0, what="the alert")
    rewrite(cluster, "failed", "passed")
    wait_until(lambda: alerts(cluster) == set(), within=SEEN_WITHIN_S, every=5.0, what="it to clear")


def test_a_repair_leaves_it_where_it_is(cluster: KindCluster, access: ClusterAccess) -> None:
    lifecycle.up(access.name, Progress(), settle=lambda _access, _progress: None)
    assert "nightly-reader" in cluster.kubectl("get", "rolebindings", "-n", SPACE, "-o", "name")


def due_every(cluster: KindCluster, *, hours: str) -> None:
    patch = [{"op": "replace", "path": EVERY, "value": f"--every-hours={hours}"}]
    cluster.kubectl("patch", "deploy/nightly-metrics", "-n", NAMESPACE, "--type=json", "-p", json.dumps(patch))
    cluster.kubectl("rollout", "status", "deploy/nightly-metrics", "-n", NAMESPACE, timeout=120)


def rewrite(cluster: KindCluster, old: str, new: str) -> None:
    """Another verdict in the file that the figures are read from."""
    file = "/var/lib/nightly/reports/nightly.json"
    in_pod(cluster, "sed", "-i", f's/"verdict": "{old}"/"verdict": "{new}"/', file)


def in_pod(cluster: KindCluster, *words: str) -> str:
    return cluster.kubectl("exec", "deploy/nightly-metrics", "-n", NAMESPACE, "--", *words)


def asked(cluster: KindCluster, path: str) -> Any:
    """What Prometheus answers."""
    text = cluster.kubectl(
        "exec", "deploy/prometheus", "-n", SPACE, "--", "curl", "-sS", f"http://localhost:9090{path}"
    )
    return json.loads(text)["data"]


def alerts(cluster: KindCluster) -> set[str]:
    """The alerts that fire, by name."""
    return {
        one["labels"]["alertname"] for one in asked(cluster, "/api/v1/alerts")["alerts"] if one["state"] == "firing"
    }


def sample(cluster: KindCluster, series: str) -> float | None:
    quoted = series.replace("{", "%7B").replace("}", "%7D").replace('"', "%22")
    found = asked(cluster, f"/api/v1/query?query={quoted}")["result"]
    return float(found[0]["value"][1]) if found else None
