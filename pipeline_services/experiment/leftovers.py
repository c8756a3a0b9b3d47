"""What a scenario left behind: the namespace's objects before and after it, held against each other. Pure.

Explained and so left out: what the cluster itself writes (status, versions, revisions), the number of replicas that an
autoscaler decides on, and objects that others own and replace (pods of workloads, ReplicaSets, EndpointSlices).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final

from pipeline_services.model.k8s import name_of, owners_of, scale_target_of

KINDS: Final = (
    *("deployments", "statefulsets", "daemonsets", "services", "configmaps", "secrets", "networkpolicies"),
    *("hpas", "pvcs", "pods"),
)
"""The lists of the cluster that are compared."""
_OWN_WRITING: Final = ("deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration")
_METADATA: Final = ("labels", "annotations", "finalizers")
_SECRET_BYTES: Final = 12
Namespace = Mapping[str, Iterable[Mapping[str, Any]]]


def inventory(namespace: Namespace) -> dict[str, dict[str, str]]:
    """Every comparable field of every comparable object, by ``kind/name``; values are JSON, or a digest in Secrets."""
    targets = map(scale_target_of, namespace.get("hpas", ()))
    autoscaled = {(f"{kind.lower()}s", name) for kind, name in targets}
    return {
        f"{kind}/{name_of(item)}": _fields(kind, item, autoscaled)
        for kind in KINDS
        for item in namespace.get(kind, ())
        if not (kind == "pods" and owners_of(item))
    }


def differences(before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]) -> list[str]:
    """What is other than it was, one line each."""
    lines = [f"{name} is gone" for name in before if name not in after]
    lines += [f"{name} is new" for name in after if name not in before]
    for name in before.keys() & after.keys():
        old, new = before[name], after[name]
        lines += [
            f"{name}: {field} was {old.get(field, 'not there')} and is {new.get(field, 'not there')}"
            for field in sorted(old.keys() | new.keys())
            if old.get(field) != new.get(field)
        ]
    return sorted(lines)


def _fields(kind: str, item: Mapping[str, Any], autoscaled: set[tuple[str, str]]) -> dict[str, str]:
    metadata = {key: item["metadata"].get(key) or {} for key in _METADATA}
    kept = {key: value for key, value in metadata["annotations"].items() if key not in _OWN_WRITING}
    tree = {key: value for key, value in item.items() if key not in ("metadata", "status", "apiVersion", "kind")}
    tree["metadata"] = {**metadata, "annotations": kept}
    if (kind, name_of(item)) in autoscaled:
        tree["spec"] = {key: value for key, value in tree["spec"].items() if key != "replicas"}
    flat = dict(_flat("", tree))
    return {path: _digest(value) for path, value in flat.items()} if kind == "secrets" else flat


def _flat(path: str, node: Any) -> Iterable[tuple[str, str]]:
    """Leaves of the tree by their path; lists count as leaves, since their order means something."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _flat(f"{path}.{key}" if path else str(key), value)
    else:
        yield path, json.dumps(node, sort_keys=True)


def _digest(value: str) -> str:
    return sha256(value.encode()).hexdigest()[:_SECRET_BYTES]
