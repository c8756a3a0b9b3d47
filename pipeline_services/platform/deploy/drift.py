"""What somebody else changed: fields that the manifests do not set, and objects that they do not have."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from pipeline_services.clients.kubernetes import FIELD_MANAGER, Cluster, Object
from pipeline_services.model.k8s import (
    has_labels,
    managed_fields_of,
    name_of,
    owners_of,
    quantity,
    requests_of,
    spec_of,
)

PRUNED_KINDS: Final = (
    *("ConfigMap", "Secret", "Service", "NetworkPolicy", "Ingress", "ResourceQuota", "LimitRange"),
    *("PodDisruptionBudget", "HorizontalPodAutoscaler", "ServiceAccount", "Role", "RoleBinding"),
    *("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"),
)
"""Kinds of which nothing unexpected may stay. Volume claims are not among them: they hold the data."""

CLAIM: Final = "PersistentVolumeClaim"
GIVEN: Final = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}
ADDED: Final = {
    *(("ConfigMap", "nightly-prometheus"), ("RoleBinding", "nightly-reader")),
    ("RoleBinding", "fleet-reader"),
    *(("Role", "nightly-chaos"), ("RoleBinding", "nightly-chaos"), ("RoleBinding", "nightly-chaos-reader")),
}
"""What manifests/nightly and manifests/fleet have in the pipeline's namespace; it stays where somebody installed it."""
CLUSTER_MANAGERS: Final = {"kube-controller-manager", "kube-scheduler", "kubelet", "kube-apiserver"}
RESTARTED_BY: Final = "kubectl-rollout"
"""The field manager of a rolling restart, which an operator may do at any time, and of a rotation."""


def listed(cluster: Cluster, kind: str) -> list[Object]:
    """All objects of a kind with who set what, and with their kind, which the API leaves out in a list."""
    return [{**item, "kind": kind} for item in cluster.list(kind, managed=True)]


def unexpected(live: Iterable[Object], expected: Collection[tuple[str, str]]) -> list[Object]:
    """The live objects that nobody here made: not expected, not the cluster's own, not owned by another object."""
    return [
        item
        for item in live
        if item["kind"] in PRUNED_KINDS
        and key(item) not in expected
        and key(item) not in GIVEN | ADDED
        and not owners_of(item)
        and item.get("type") != "kubernetes.io/service-account-token"
    ]


def intruders(pods: Iterable[Object], selectors: Collection[Mapping[str, str]]) -> list[Object]:
    """Pods that nothing made and that a workload's selector matches: they would be served as if they were its own."""
    return [pod for pod in pods if not owners_of(pod) and any(has_labels(pod, selector) for selector in selectors)]


def taken_over(live: Mapping[str, Any]) -> list[Object] | None:
    """The managed fields of an object with everything that somebody else set made ours; None if there is nothing.

    The next server-side apply then removes what the manifest does not have: it only ever removes its own fields.
    """
    entries = managed_fields_of(live)
    foreign = [entry for entry in entries if _is_foreign(entry)]
    if not foreign:
        return None
    others = [dict(entry) for entry in entries if entry not in foreign]
    mine = next((entry for entry in others if _is_mine(entry)), None)
    if mine:
        others.remove(mine)
    else:
        mine = {
            "manager": FIELD_MANAGER,
            "operation": "Apply",
            "apiVersion": foreign[0]["apiVersion"],
            "fieldsType": "FieldsV1",
        }
    fields: Object = dict(mine.get("fieldsV1", {}))
    for entry in foreign:
        fields = _merged(fields, entry.get("fieldsV1", {}))
    return [*others, {**mine, "fieldsV1": fields}]


def no_smaller(claim: Object, live: Object | None) -> Object:
    """A claim's manifest, as large as the claim is by now: it may have been given more, and cannot be made smaller."""
    declared, there = (requests_of(spec_of(one)).get("storage", "") if one else "" for one in (claim, live))
    if not declared or not there or quantity(there) <= quantity(declared):
        return claim
    spec = spec_of(claim)
    return {**claim, "spec": {**spec, "resources": {**spec["resources"], "requests": {"storage": there}}}}


def key(item: Mapping[str, Any]) -> tuple[str, str]:
    """(kind, name)"""
    return item["kind"], name_of(item)


def _is_mine(entry: Mapping[str, Any]) -> bool:
    return entry["manager"] == FIELD_MANAGER and entry["operation"] == "Apply" and not entry.get("subresource")


def _is_foreign(entry: Mapping[str, Any]) -> bool:
    return (
        not _is_mine(entry)
        and not entry.get("subresource")
        and entry["manager"] not in CLUSTER_MANAGERS
        and entry["manager"] != RESTARTED_BY
    )


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> Object:
    both = dict(one)
    for name, value in other.items():
        both[name] = _merged(both[name], value) if isinstance(both.get(name), dict) else value
    return both
