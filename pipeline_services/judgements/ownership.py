"""Whose an object of the manifests is: the component that findings about it name. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pipeline_services.judgements.drift import WORKLOADS
from pipeline_services.model.k8s import (
    K8sObject,
    labels_of,
    name_of,
    references_of,
    scale_target_of,
    spec_of,
    template_of,
)
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.snapshot import Snapshot

_ROLES: Final = ("Role", "ClusterRole")
_BINDINGS: Final = ("RoleBinding", "ClusterRoleBinding")
OWNERS: Final[Mapping[str, str]] = {
    "HorizontalPodAutoscaler": "hpa",
    "Namespace": "config",
    "NetworkPolicy": "network",
    "PersistentVolumeClaim": "storage",
    "Secret": "config",
    "Service": "network",
}


def owners(snapshot: Snapshot) -> list[str]:
    """The component of each declared object, in their order."""
    declared: list[K8sObject] = snapshot.data("declared")
    return [_owner(snapshot.pipeline, item, declared) for item in declared]


def _owner(pipeline: Pipeline, item: K8sObject, declared: Sequence[K8sObject]) -> str:
    kind, name = item["kind"], name_of(item)
    if kind in OWNERS or (kind == "ConfigMap" and name in pipeline.config.by_config_map):
        return OWNERS.get(kind, "config")
    return next(
        (part.reports_to for part in pipeline.workloads.values() if concerns(item, part.workload, declared)), "config"
    )


def concerns(item: K8sObject, workload: str, declared: Sequence[K8sObject]) -> bool:
    """Whether an object is a workload, is for it, or is read by its pods."""
    found = next((one for one in declared if one["kind"] in WORKLOADS and name_of(one) == workload), None)
    if found is None:
        return False
    kind = item["kind"]
    if kind in WORKLOADS:
        return name_of(item) == workload
    if kind in ("ServiceAccount", *_ROLES, *_BINDINGS):
        return _gives_rights(item, str(spec_of(template_of(found)).get("serviceAccountName") or ""), declared)
    known = _CONCERNED.get(kind)
    return known(item, found) if known else selects(item, labels_of(template_of(found)))


def _is_read(config_map: K8sObject, workload: K8sObject) -> bool:
    known = ("ConfigMap", name_of(config_map))
    return any((one.kind, one.name) == known for one in references_of(template_of(workload)))


def _is_scaled(autoscaler: K8sObject, workload: K8sObject) -> bool:
    return scale_target_of(autoscaler)[1] == name_of(workload)


_CONCERNED: Final[Mapping[str, Callable[[K8sObject, K8sObject], bool]]] = {
    "ConfigMap": _is_read,
    "HorizontalPodAutoscaler": _is_scaled,
}


def selects(item: K8sObject, labels: Mapping[str, str]) -> bool:
    """Whether pods with the labels are those that a Service, a policy or a budget is about."""
    spec = spec_of(item)
    chosen: Mapping[str, Any] = spec.get("selector") or spec.get("podSelector") or {}
    selector = chosen.get("matchLabels", {} if "matchExpressions" in chosen else chosen)
    return bool(selector) and selector.items() <= labels.items()


def _gives_rights(item: K8sObject, account: str, declared: Sequence[K8sObject]) -> bool:
    """Whether it is the account, or what gives the account its rights."""
    if not account:
        return False
    if item["kind"] == "ServiceAccount":
        return name_of(item) == account
    bindings = [one for one in declared if one["kind"] in _BINDINGS and _is_for(one, account)]
    if item["kind"] in _BINDINGS:
        return item in bindings
    return any((one["roleRef"]["kind"], one["roleRef"]["name"]) == (item["kind"], name_of(item)) for one in bindings)


def _is_for(binding: K8sObject, account: str) -> bool:
    subjects = binding.get("subjects") or ()
    return any((one.get("kind"), one.get("name")) == ("ServiceAccount", account) for one in subjects)
