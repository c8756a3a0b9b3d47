"""What shares the namespace with the pipeline: kept in outline, so that thousands of pods are judged as fast as ten.

Whole stays what may concern the pipeline: pods with a component's labels or name, and pods that are not well.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from pipeline_services.model.k8s import containers_of, is_ready, name_of, phase_of, spec_of, status_of
from pipeline_services.model.pipeline import Pipeline

_POD: Final[Mapping[str, tuple[str, ...]]] = {
    "metadata": ("name", "namespace", "labels", "uid", "creationTimestamp", "ownerReferences"),
    "spec": ("hostNetwork", "nodeName", "serviceAccountName"),
    "status": ("phase", "podIP", "podIPs"),
}
_VOLUME: Final = ("claimRef", "persistentVolumeReclaimPolicy", "storageClassName")
_OF_DRIVERS: Final = ("parameters", "mountOptions")
"""Of a storage class, as the rest of a volume: what a driver is told, passwords of some included."""
_BOUND: Final = ("cluster-admin",)
_ROLES: Final = ("admin", "cluster-admin", "edit", "view")
_CONTAINER: Final = ("name", "image", "ports", "resources")

Shape = Callable[[dict[str, Any]], dict[str, Any] | None]
"""An object as it is kept; None: it is left out."""


def shapes(pipeline: Pipeline) -> dict[str, Shape]:
    """By list, how its objects are kept as they arrive."""
    prefixes = tuple(f"{part.workload}-" for part in pipeline.workloads.values())

    def is_own(item: Mapping[str, Any]) -> bool:
        return name_of(item).startswith(prefixes) or pipeline.component_of(item) is not None

    def pod(item: dict[str, Any]) -> dict[str, Any]:
        is_well = is_ready(item) and phase_of(item) == "Running"
        return _outline(item) if is_well and not is_own(item) else item

    def volume(item: dict[str, Any]) -> dict[str, Any] | None:
        spec = {key: value for key, value in spec_of(item).items() if key in _VOLUME}
        is_ours = (spec.get("claimRef") or {}).get("namespace") == pipeline.namespace
        return {**item, "spec": spec} if is_ours else None

    return {
        "pods": pod,
        "pod_metrics": lambda item: item if is_own(item) else None,
        "ingresses": _without_notes,
        "persistentvolumes": volume,
        "storageclasses": lambda item: {key: value for key, value in item.items() if key not in _OF_DRIVERS},
        "clusterroles": lambda item: None if _is_kubernetes_own(name_of(item)) else item,
        "clusterrolebindings": lambda item: None if _is_kubernetes_own(name_of(item), _BOUND) else item,
    }


def _without_notes(ingress: dict[str, Any]) -> dict[str, Any]:
    """Without the annotations: they configure the controller, headers with credentials among them."""
    kept = {key: value for key, value in ingress["metadata"].items() if key != "annotations"}
    return {**ingress, "metadata": kept}


def _is_kubernetes_own(role: str, others: Collection[str] = _ROLES) -> bool:
    """Whether the API server, or kubeadm, makes the role or binding of that name in every cluster."""
    return role.startswith(("system:", "kubeadm:")) or role in others


def _outline(pod: Mapping[str, Any]) -> dict[str, Any]:
    kept = {part: {key: pod[part][key] for key in keys if key in pod[part]} for part, keys in _POD.items()}
    containers = [{key: one[key] for key in _CONTAINER if key in one} for one in containers_of(pod)]
    kept["spec"] |= {"containers": containers}
    conditions = status_of(pod).get("conditions") or ()
    kept["status"] |= {"conditions": [one for one in conditions if one.get("type") == "Ready"]}
    return kept
