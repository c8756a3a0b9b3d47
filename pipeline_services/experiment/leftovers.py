"""What a scenario left behind: everything that a fault can change before and after it, held against each other. Pure.

Explained and so left out: what the cluster itself writes (status, versions, revisions, its own taints), the number of
replicas that an autoscaler decides on, and objects that others own and replace (pods of workloads, ReplicaSets,
EndpointSlices). What a fault does on the node is seen by its own proof alone: processes, packets, images.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final

from pipeline_services.model.k8s import (
    PRESSURES,
    name_of,
    namespace_of,
    owners_of,
    scale_target_of,
    spec_of,
    status_of,
    taints_of,
)
from pipeline_services.model.kinds import KINDS, SYSTEM
from pipeline_services.model.own_cluster import SYSTEM_NAMESPACE
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.sources.cluster_parts import Listing, listings

_WRITTEN_ALL_THE_TIME: Final = ("Event", "Lease", "PodMetrics", "NodeMetrics")
_REPLACED: Final = ("pods", "replicasets", "controllerrevisions", "endpointslices", "jobs")
"""Of these, what has an owner is the owner's business."""
_IN_SYSTEM: Final = ("deployments", "daemonsets", "services", "configmaps", "networkpolicies")
"""What faults change in the system's namespace; much else there changes by itself, as tokens that expire."""
_TAKEN: Final = tuple(kind.source for kind in KINDS.values() if kind.name not in _WRITTEN_ALL_THE_TIME)
LISTS: Final[Mapping[str, Listing]] = {
    **listings(*_TAKEN),
    **{f"{SYSTEM}{source}": Listing(source, SYSTEM_NAMESPACE) for source in _IN_SYSTEM},
}
"""By what each is called in an inventory, the lists of the cluster that are compared."""
_OWN_WRITING: Final = (
    *("deployment.kubernetes.io/revision", "deprecated.daemonset.template.generation"),
    "kubectl.kubernetes.io/last-applied-configuration",
)
_LAST_USED: Final = "kubernetes.io/legacy-token-last-used"
"""The label that the API server renews once a day at a Secret that somebody logs in with."""
_OWN_TAINTS: Final = (
    *("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/", "node.cilium.io/", "karpenter.sh/"),
    *("ToBeDeletedByClusterAutoscaler", "DeletionCandidateOfClusterAutoscaler"),
)
"""What the taints begin with that Kubernetes, a cloud, a network plugin or an autoscaler of nodes sets by itself."""
_COME_AND_GO: Final = "nodes/"
"""What an autoscaler adds and takes away; no fault does."""
_KUBELETS: Final = frozenset({"Ready", "NetworkUnavailable", *PRESSURES})
"""The conditions that every node has; what is said beside them, somebody else says."""
_METADATA: Final = ("labels", "annotations", "finalizers")
_SECRET_BYTES: Final = 12
Objects = Mapping[str, Iterable[Mapping[str, Any]]]
"""By list its objects."""
Inventory = dict[str, dict[str, str]]
"""By ``kind/name`` every comparable field; values are JSON, or a digest in Secrets."""


def inventory(objects: Objects, pipeline: Pipeline) -> Inventory:
    """Every comparable field of every comparable object."""
    targets = map(scale_target_of, objects.get("hpas", ()))
    autoscaled = {(f"{kind.lower()}s", name) for kind, name in targets}
    return {
        f"{source}/{name_of(item)}": _fields(source, item, autoscaled)
        for source in LISTS
        for item in objects.get(source, ())
        if _is_ours(source, item, pipeline)
    }


def _is_ours(source: str, item: Mapping[str, Any], pipeline: Pipeline) -> bool:
    """Whether nobody else changes it: what belongs to the cluster is that of other namespaces, too."""
    if source == "namespaces":
        return name_of(item) == pipeline.namespace
    if source == "persistentvolumes":
        return namespace_of({"metadata": spec_of(item).get("claimRef") or {}}) in ("", pipeline.namespace)
    if source == f"{SYSTEM}configmaps":
        return name_of(item) in {part.config_map for part in pipeline.cluster.values()}
    return not (source in _REPLACED and owners_of(item))


def differences(before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]) -> list[str]:
    """What is other than it was, one line each."""
    lines = [f"{name} is gone" for name in before if name not in after and not name.startswith(_COME_AND_GO)]
    lines += [f"{name} is new" for name in after if name not in before and not name.startswith(_COME_AND_GO)]
    for name in before.keys() & after.keys():
        old, new = before[name], after[name]
        lines += [
            f"{name}: {field} was {old.get(field, 'not there')} and is {new.get(field, 'not there')}"
            for field in sorted(old.keys() | new.keys())
            if old.get(field) != new.get(field)
        ]
    return sorted(lines)


def _fields(source: str, item: Mapping[str, Any], autoscaled: set[tuple[str, str]]) -> dict[str, str]:
    metadata = {key: item["metadata"].get(key) or {} for key in _METADATA}
    kept = {key: value for key, value in metadata["annotations"].items() if key not in _OWN_WRITING}
    tree = {key: value for key, value in item.items() if key not in ("metadata", "status", "apiVersion", "kind")}
    labels = {key: value for key, value in metadata["labels"].items() if key != _LAST_USED}
    tree["metadata"] = {**metadata, "labels": labels, "annotations": kept}
    tree["owners"] = [[owner["kind"], owner["name"]] for owner in owners_of(item)]
    if (source, name_of(item)) in autoscaled:
        tree["spec"] = {key: value for key, value in tree["spec"].items() if key != "replicas"}
    if source == "nodes":
        lasting = [one for one in taints_of(item) if not one["key"].startswith(_OWN_TAINTS)]
        tree["spec"] = {**spec_of(item), "taints": lasting}
        said = {one["type"] for one in status_of(item).get("conditions") or ()}
        tree["conditions"] = sorted(said - _KUBELETS)
    flat = dict(_flat("", tree))
    return {path: _digest(value) for path, value in flat.items()} if source == "secrets" else flat


def _flat(path: str, node: Any) -> Iterable[tuple[str, str]]:
    """Leaves of the tree by their path; lists count as leaves, since their order means something."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _flat(f"{path}.{key}" if path else str(key), value)
    else:
        yield path, json.dumps(node, sort_keys=True)


def _digest(value: str) -> str:
    return sha256(value.encode()).hexdigest()[:_SECRET_BYTES]
