"""What somebody else added is found, and what belongs to the cluster or holds data is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.clients.kubernetes import FIELD_MANAGER
from pipeline_services.platform.deploy.drift import PRUNED_KINDS, intruders, no_smaller, taken_over, unexpected


def item(kind: str, name: str, **more: Any) -> dict[str, Any]:
    metadata = {"name": name, **more.pop("metadata", {})}
    return {"kind": kind, "metadata": metadata, **more}


@pytest.mark.parametrize("kind", ["NetworkPolicy", "ResourceQuota", "LimitRange", "Service", "Deployment", "Secret"])
def test_foreign_objects_go(kind: str) -> None:
    stranger = item(kind, "stranger")
    assert unexpected([stranger, item(kind, "ours")], {(kind, "ours")}) == [stranger]


@pytest.mark.parametrize(
    "kept",
    [
        item("ConfigMap", "kube-root-ca.crt"),
        item("ServiceAccount", "default"),
        item("Secret", "a-token", type="kubernetes.io/service-account-token"),
        item("ReplicaSet", "producer-1", metadata={"ownerReferences": [{"kind": "Deployment"}]}),
        item("PersistentVolumeClaim", "data-kafka-0"),
    ],
    ids=lambda kept: kept["kind"],
)
def test_what_the_cluster_made_and_data_stay(kept: dict[str, Any]) -> None:
    assert unexpected([kept], set()) == []


def claim(storage: str) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage}}}
    return item("PersistentVolumeClaim", "data-prometheus", spec=spec)


@pytest.mark.parametrize(("live", "applied"), [("10Gi", "10Gi"), ("5120Mi", "5Gi"), ("1Gi", "5Gi"), (None, "5Gi")])
def test_a_claim_that_was_given_more_keeps_it(live: str | None, applied: str) -> None:
    declared = claim("5Gi")
    assert no_smaller(declared, claim(live) if live else None) == claim(applied)
    assert declared == claim("5Gi")


def test_volume_claims_are_never_pruned() -> None:
    assert "PersistentVolumeClaim" not in PRUNED_KINDS


def test_only_bare_pods_that_pose_as_an_app_go() -> None:
    impostor = item("Pod", "debug", metadata={"labels": {"app": "kafka"}})
    owned = item("Pod", "kafka-0", metadata={"labels": {"app": "kafka"}, "ownerReferences": [{}]})
    visitor = item("Pod", "shell", metadata={"labels": {"run": "shell"}})
    assert intruders([impostor, owned, visitor], [{"app": "kafka"}]) == [impostor]


def fields(manager: str, tree: dict[str, Any], operation: str = "Update", subresource: str = "") -> dict[str, Any]:
    entry = {"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsV1": tree}
    return {**entry, "subresource": subresource} if subresource else entry


OURS = fields(FIELD_MANAGER, {"f:spec": {"f:a": {}}}, "Apply")
STATUS = fields("kube-controller-manager", {"f:status": {}}, subresource="status")
SCALE = fields("kubectl", {"f:spec": {"f:replicas": {}}}, subresource="scale")
RESTART = fields("kubectl-rollout", {"f:spec": {"f:restartedAt": {}}})


def test_an_object_that_nobody_touched_is_left_alone() -> None:
    assert taken_over(item("Deployment", "x", metadata={"managedFields": [OURS, STATUS, SCALE, RESTART]})) is None


def test_foreign_fields_become_ours_so_that_the_next_apply_removes_them() -> None:
    edit = fields("kubectl-edit", {"f:spec": {"f:b": {}, "f:a": {"f:deep": {}}}})
    merged = taken_over(item("Deployment", "x", metadata={"managedFields": [OURS, STATUS, edit]}))
    assert merged == [STATUS, {**OURS, "fieldsV1": {"f:spec": {"f:a": {"f:deep": {}}, "f:b": {}}}}]


def test_an_object_of_our_name_that_somebody_else_made_becomes_ours() -> None:
    create = fields("kubectl-create", {"f:spec": {}})
    [entry] = taken_over(item("Deployment", "x", metadata={"managedFields": [create]})) or []
    assert (entry["manager"], entry["operation"], entry["fieldsV1"]) == (FIELD_MANAGER, "Apply", {"f:spec": {}})
