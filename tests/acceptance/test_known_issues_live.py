"""Section 9's issues in the cluster's own logs and events are let pass and told; what nobody knows is a fault."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pipeline_services import faults
from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.faults import objects
from pipeline_services.faults.journal import Call, Journal
from pipeline_services.judgements.known_issues import KNOWN_ISSUES, known_issue
from pipeline_services.model import roles
from pipeline_services.model.k8s import is_ready, last_seen
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import resolve_target
from pipeline_services.model.waiting import wait_until
from pipeline_services.platform.cluster.access import ClusterAccess
from pipeline_services.snapshot.live import LivePipeline
from pipeline_services.triage.incident.known_issues import known_issues
from tests.acceptance.bench import FAILED, Judge, becomes_green
from tests.acceptance.tellers import PODS, teller, told

pytestmark = pytest.mark.live

NAMESPACE = Pipeline.load().namespace
LOGGED = {
    "self-signed-certificate": "ERROR InsecureRequestWarning: Unverified HTTPS request to host influxdb-service",
    "kafka-rebalance": "ERROR (Re-)joining group data-processor-group",
}
HAPPENS = "hpa-metrics-lag"
AUTOSCALER = Pipeline.load().autoscaler(roles.PRODUCER).name
HAPPENS_WITHIN = 120.0


def test_each_issue_of_section_9_is_tried_here() -> None:
    section = {issue.id for issue in KNOWN_ISSUES if issue.reason.startswith("section 9")}
    assert section == {*LOGGED, HAPPENS}


@pytest.mark.parametrize("issue", LOGGED)
def test_a_known_line_in_a_log_is_no_fault(
    issue: str, admin: WritableCluster, journal: Journal, judge: Judge, access: ClusterAccess
) -> None:
    with _logged(admin, journal, LOGGED[issue]):
        assert "test_no_unknown_errors_logged[processor]" not in judge.findings()
        assert issue in _seen(access)


def test_an_unknown_error_in_a_log_is_a_fault(admin: WritableCluster, journal: Journal, judge: Judge) -> None:
    with _logged(admin, journal, "ERROR the belt has come off"):
        outcome, component, message = judge.findings()["test_no_unknown_errors_logged[processor]"]
    assert (outcome, component) == (FAILED, roles.PROCESSOR)
    assert "the belt has come off" in message


def test_the_lag_of_the_metrics_is_no_fault(
    admin: WritableCluster, journal: Journal, judge: Judge, access: ClusterAccess
) -> None:
    """What is no lag any more is red: ``test_faults_are_seen.py`` takes the metrics away for good.

    The autoscaler is a new one: Kubernetes lets each object have 25 events and then one in five minutes, and the
    metrics that were taken away before may have used them up.
    """
    with faults.injected(admin, journal, objects.deleted(admin, "horizontalpodautoscalers", AUTOSCALER, NAMESPACE)):
        pass
    start = time.time()
    with faults.injected(admin, journal, faults.scaled(admin, "deployments", roles.PRODUCER, NAMESPACE, 0)):
        wait_until(lambda: not _stands(admin, roles.PRODUCER), within=60, what="no pod of the producer")

    def happened() -> bool:
        assert "test_no_open_warning_event[hpa]" not in judge.findings()
        return HAPPENS in _happened_since(start, access)

    wait_until(happened, within=HAPPENS_WITHIN, what="an autoscaler that has no figures of a new pod", every=1.0)
    becomes_green(judge, "green again with the new pod")


def _seen(access: ClusterAccess) -> set[str]:
    with LivePipeline(resolve_target(access.reader_kubeconfig, access.context, None)) as pipeline:
        return {issue.id for issue in known_issues(pipeline.snapshot())}


@contextmanager
def _logged(admin: WritableCluster, journal: Journal, line: str) -> Iterator[None]:
    """A pod that looks like a processor has logged the line."""
    planted = faults.Fault(
        f"a pod that logs {line}",
        [Call("POST", PODS, teller(admin, "teller", roles.PROCESSOR, line))],
        [Call("DELETE", f"{PODS}/teller")],
    )
    with faults.injected(admin, journal, planted):
        wait_until(lambda: _is_ready(admin, "teller"), within=60, what="the pod to be ready")
        before = told(admin, "teller").count(line)
        wait_until(
            lambda: told(admin, "teller").count(line) > before, within=60, what="the line in the ready pod's log"
        )
        yield
    wait_until(lambda: not _stands(admin, "teller"), within=60, what="the pod to be gone")


def _is_ready(admin: WritableCluster, name: str) -> bool:
    """What a pod logs before it is ready is not judged once it is."""
    return any(is_ready(pod) for pod in admin.list("Pod") if pod["metadata"]["name"] == name)


def _stands(admin: WritableCluster, name: str) -> bool:
    return any(pod["metadata"]["name"].startswith(name) for pod in admin.list("Pod"))


def _happened_since(start: float, access: ClusterAccess) -> set[str]:
    with LivePipeline(resolve_target(access.reader_kubeconfig, access.context, None)) as pipeline:
        events = [event for event in pipeline.snapshot().data("events") if last_seen(event) >= start]
    known = [known_issue("events", "hpa", f"{one['reason']}: {one['message']}", start) for one in events]
    return {issue.id for issue in known if issue is not None}
