"""What is said of others' objects in the namespace, or by a program that only audits, is no fault of the pipeline."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pipeline_services.model import roles
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.faults import warning
from tests.judgements.world import World, healthy


def others(world: World) -> None:
    """Pods, an autoscaler and a claim of somebody else."""
    pod = copy.deepcopy(world.pods(roles.GRAFANA)[0])
    pod["metadata"] |= {"name": "debug-7d9-x1", "labels": {"app": "debug"}, "uid": "uid-debug", "ownerReferences": []}
    pod["status"] = {"phase": "Pending", "conditions": [{"type": "Ready", "status": "False"}]}
    world.answers["pods"].append(pod)
    hpa = copy.deepcopy(world.item("hpas", "producer-hpa"))
    hpa["metadata"]["name"] = "web-hpa"
    hpa["spec"]["scaleTargetRef"]["name"] = "web"
    for condition in hpa["status"]["conditions"]:
        condition |= {"status": "False", "lastTransitionTime": world.ago(600)}
    world.answers["hpas"].append(hpa)
    claim = {"metadata": {"name": "scratch", "creationTimestamp": world.ago(6_000)}, "status": {"phase": "Pending"}}
    world.answers["pvcs"].append({**claim, "spec": {}})


@pytest.mark.parametrize(
    ("kind", "name", "reason"),
    [
        ("Pod", "debug-7d9-x1", "BackOff"),
        ("ReplicaSet", "debug-7d9", "FailedCreate"),
        ("Job", "import", "BackoffLimitExceeded"),
        ("HorizontalPodAutoscaler", "web-hpa", "FailedGetResourceMetric"),
        ("PersistentVolumeClaim", "scratch", "ProvisioningFailed"),
    ],
)
def test_what_others_run_in_the_namespace_is_theirs(kind: str, name: str, reason: str) -> None:
    world = healthy()
    others(world)
    assert diagnose(world.snapshot()).healthy
    warning(world, kind, name, reason, "no luck")
    assert diagnose(world.snapshot()).healthy


def test_a_claim_that_a_pod_of_the_pipeline_mounts_is_the_pipelines() -> None:
    world = healthy()
    others(world)
    warning(world, "PersistentVolumeClaim", "scratch", "ProvisioningFailed", "no luck")
    volume = {"name": "more", "persistentVolumeClaim": {"claimName": "scratch"}}
    world.pods(roles.LOKI)[0]["spec"]["volumes"].append(volume)
    assert "test_no_open_warning_event[storage]" in diagnose(world.snapshot()).red


def audited(world: World, **who: Any) -> str:
    pod: str = world.pods(roles.KAFKA)[0]["metadata"]["name"]
    warning(world, "Pod", pod, "PolicyViolation", "Root filesystem must be read-only")
    world.answers["events"][-1] |= who
    return "test_no_open_warning_event[kafka]"


@pytest.mark.parametrize("who", [{"reportingComponent": "kyverno-scan"}, {"source": {"component": "gatekeeper-audit"}}])
def test_an_audit_of_a_ready_pod_keeps_it_from_nothing(who: dict[str, Any]) -> None:
    world = healthy()
    audited(world, **who)
    assert diagnose(world.snapshot()).healthy


def test_what_anybody_else_warns_of_a_ready_pod_is_told() -> None:
    world = healthy()
    assert audited(world, reportingComponent="kubelet") in diagnose(world.snapshot()).red


def test_an_audit_of_a_pod_that_is_not_ready_is_told() -> None:
    world = healthy()
    check = audited(world, reportingComponent="kyverno-scan")
    world.pods(roles.KAFKA)[0]["status"]["conditions"][1] |= {"status": "False", "lastTransitionTime": world.ago(900)}
    assert check in diagnose(world.snapshot()).red
