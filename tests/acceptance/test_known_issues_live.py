"""Section 9's issues in the cluster's own logs and events are let pass and told; what nobody knows is a fault."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline_services import faults, names
from pipeline_services.journal import Call, Journal
from pipeline_services.known_issues import KNOWN_ISSUES
from pipeline_services.pipeline import Pipeline
from pipeline_services.platform.access import ClusterAccess
from pipeline_services.platform.deploy_api import Api
from pipeline_services.settings import resolve_target
from pipeline_services.triage.noise import known_issues
from pipeline_services.waiting import wait_until
from tests.acceptance.bench import FAILED, Judge
from tests.acceptance.tellers import PODS, teller, told

pytestmark = pytest.mark.live

EVENTS = f"/api/v1/namespaces/{names.NAMESPACE}/events"
HPA = "producer-hpa"
LOGGED = {
    "self-signed-certificate": "ERROR InsecureRequestWarning: Unverified HTTPS request to host influxdb-service",
    "kafka-rebalance": "ERROR (Re-)joining group data-processor-group",
}
HAPPENED = {
    "hpa-metrics-lag": ("FailedGetResourceMetric", "did not receive metrics for targeted pods (pods might be unready)"),
}


def test_each_issue_of_section_9_is_tried_here() -> None:
    section = {issue.id for issue in KNOWN_ISSUES if issue.reason.startswith("section 9")}
    assert section == {*LOGGED, *HAPPENED}


@pytest.mark.parametrize("issue", LOGGED)
def test_a_known_line_in_a_log_is_no_fault(
    issue: str, admin: Api, journal: Journal, judge: Judge, access: ClusterAccess
) -> None:
    with _logged(admin, journal, LOGGED[issue]):
        assert "test_no_unknown_errors_logged[processor]" not in judge.findings()
        assert issue in _seen(access)


def test_an_unknown_error_in_a_log_is_a_fault(admin: Api, journal: Journal, judge: Judge) -> None:
    with _logged(admin, journal, "ERROR the belt has come off"):
        outcome, component, message = judge.findings()["test_no_unknown_errors_logged[processor]"]
    assert (outcome, component) == (FAILED, names.PROCESSOR)
    assert "the belt has come off" in message


@pytest.mark.parametrize("issue", HAPPENED)
def test_a_known_event_is_no_fault(
    issue: str, admin: Api, journal: Journal, judge: Judge, access: ClusterAccess
) -> None:
    with _happened(admin, journal, *HAPPENED[issue]):
        assert "test_no_open_warning_event[hpa]" not in judge.findings()
        assert issue in _seen(access)


def test_an_unknown_event_is_a_fault(admin: Api, journal: Journal, judge: Judge) -> None:
    with _happened(admin, journal, "FailedRescale", "the belt has come off"):
        outcome, component, message = judge.findings()["test_no_open_warning_event[hpa]"]
    assert (outcome, component) == (FAILED, "hpa")
    assert "the belt has come off" in message


def _seen(access: ClusterAccess) -> set[str]:
    with Pipeline(resolve_target(access.reader_kubeconfig, access.context, None)) as pipeline:
        return {issue.id for issue in known_issues(pipeline.snapshot())}


@contextmanager
def _logged(admin: Api, journal: Journal, line: str) -> Iterator[None]:
    """A pod that looks like a processor has logged the line."""
    planted = faults.Fault(
        f"a pod that logs {line}",
        [Call("POST", PODS, teller(admin, "teller", names.PROCESSOR, line))],
        [Call("DELETE", f"{PODS}/teller")],
    )
    with faults.injected(admin, journal, planted):
        wait_until(lambda: line in told(admin, "teller"), within=60, what="the line in the pod's log")
        yield
    wait_until(lambda: not _stands(admin), within=60, what="the pod to be gone")


def _stands(admin: Api) -> bool:
    return any(pod["metadata"]["name"] == "teller" for pod in admin.list("Pod"))


@contextmanager
def _happened(admin: Api, journal: Journal, reason: str, message: str) -> Iterator[None]:
    """The API holds a Warning event about the producer's autoscaler."""
    planted = faults.Fault(
        f"an event: {reason}",
        [Call("POST", EVENTS, _event(reason, message))],
        [Call("DELETE", f"{EVENTS}/told-by-a-test")],
    )
    with faults.injected(admin, journal, planted):
        yield


def _event(reason: str, message: str) -> dict[str, Any]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    about = {"kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v2", "name": HPA}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "told-by-a-test"},
        "involvedObject": {**about, "namespace": names.NAMESPACE},
        "type": "Warning",
        "reason": reason,
        "message": message,
        "count": 1,
        "firstTimestamp": now,
        "lastTimestamp": now,
    }
