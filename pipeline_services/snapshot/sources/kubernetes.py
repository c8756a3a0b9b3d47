"""What the Kubernetes API says: the namespace's objects, and the logs of the four components."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.model.component import Component
from pipeline_services.model.errors import AccessDenied, NoData, UnexpectedAnswer
from pipeline_services.model.k8s import (
    container_statuses,
    containers_of,
    created_at,
    holding_of,
    last_seen,
    managed_fields_of,
    name_of,
    secret_values,
    spec_of,
)

LISTS: Final = (
    *("secrets", "pods", "deployments", "statefulsets", "daemonsets", "hpas", "pvcs", "services", "endpointslices"),
    *("configmaps", "networkpolicies", "events", "nodes", "pod_metrics", "node_metrics"),
)
NEEDED_BY: Final[Mapping[str, str]] = {
    "hpas": "hpa",
    "pvcs": "storage",
    "networkpolicies": "network",
    "nodes": "node",
    "node_metrics": "node",
}
"""The lists that only one component's checks need; the other lists serve several."""

LOG_SECONDS: Final = 600
LOG_LINES: Final = 200
PREVIOUS_LINES: Final = 50
LOG_BYTES: Final = 64 << 10
LOG_PODS: Final = 10
EVENTS: Final = 300
MACHINE_IDS: Final = ("machineID", "systemUUID", "bootID")
PUBLIC_KEYS: Final = ("username", "user", "namespace", "ca.crt", "tls.crt")
MANAGED: Final = "managedFields"
LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


def shaped(kind: str, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A list as the snapshot has it: nothing about who set what, no secret value, the newest events only.

    Of a node neither the images it holds nor the ids of its machine are kept, which identify it beyond the cluster.
    """
    if kind == "secrets":
        return [_digest(secret) for secret in items]
    if kind.endswith("leases"):
        return [_renewal(lease) for lease in items]
    if kind == "controllerrevisions":
        return [_revision(one) for one in items]
    if kind == "nodes":
        for node in items:
            status = node.get("status") or {}
            status.pop("images", None)
            for identity in MACHINE_IDS:
                (status.get("nodeInfo") or {}).pop(identity, None)
    for item in items:
        (item["metadata"].get("annotations") or {}).pop(LAST_APPLIED, None)
    items = [_without_managers(item) for item in items]
    return sorted(items, key=last_seen)[-EVENTS:] if kind == "events" else items


def _without_managers(item: dict[str, Any]) -> dict[str, Any]:
    """A copy where there is something to leave out: somebody else may be reading just that from the original."""
    metadata = item["metadata"]
    if MANAGED not in metadata:
        return item
    return {**item, "metadata": {key: value for key, value in metadata.items() if key != MANAGED}}


def _renewal(lease: Mapping[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": name_of(lease)}, "spec": {"renewTime": spec_of(lease).get("renewTime")}}


def _revision(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Whose template it is and its number; the template itself is not kept."""
    owners = kept["metadata"].get("ownerReferences") or []
    return {"metadata": {"name": name_of(kept), "ownerReferences": owners}, "revision": kept.get("revision")}


def _digest(secret: Mapping[str, Any]) -> dict[str, Any]:
    written, values = _written(secret), secret_values(secret)
    keys = {
        key: {
            "sha256": hashlib.sha256(value).hexdigest()[:16],
            "bytes": len(value),
            "written": written.get(key),
            "padded": value != value.strip(),
        }
        for key, value in values.items()
    }
    holding = holding_of(secret)
    held = {**({"immutable": True} if secret.get("immutable") else {}), **({"metadata": holding} if holding else {})}
    return {"name": name_of(secret), "type": secret.get("type", ""), "keys": keys, **held}


def _written(secret: Mapping[str, Any]) -> dict[str, str]:
    """When each key was written last, as far as the API server says; be it with the same value."""
    found: dict[str, str] = {}
    for entry in managed_fields_of(secret):
        for field in (entry.get("fieldsV1") or {}).get("f:data") or {}:
            key = field.removeprefix("f:")
            found[key] = max(found.get(key, ""), str(entry.get("time") or ""))
    return {key: time for key, time in found.items() if time}


def hidden_values(secrets: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """Everything in Secrets that must not be shown: all values but those whose key says that they are public."""
    return [value for secret in secrets for key, value in secret_values(secret).items() if key not in PUBLIC_KEYS]


def read_logs(cluster: Cluster, pods: Iterable[Mapping[str, Any]], component: Component) -> list[dict[str, Any]]:
    """The recent lines of each container of a component's newest pods.

    ``error`` says why a container has none; ``previous`` is the end of what it wrote before its last restart.

    Raises:
        AccessDenied: the account may not read logs.
    """
    newest = sorted((pod for pod in pods if component.owns(pod)), key=created_at)[-LOG_PODS:]
    return [
        _log(cluster, name_of(pod), str(container["name"]), restarted=_restarted(pod, container["name"]))
        for pod in newest
        for container in containers_of(pod)
    ]


def _restarted(pod: Mapping[str, Any], container: str) -> bool:
    return any(one["name"] == container and one.get("restartCount", 0) > 0 for one in container_statuses(pod))


def _log(cluster: Cluster, pod: str, container: str, *, restarted: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {"pod": pod, "container": container}
    lines, error = _lines(cluster, pod, container, since=LOG_SECONDS, lines=LOG_LINES)
    entry |= {"lines": newest_within(lines, LOG_BYTES)} | ({"error": error} if error else {})
    if restarted:
        before, _ = _lines(cluster, pod, container, lines=PREVIOUS_LINES, previous=True)
        entry["previous"] = newest_within(before, LOG_BYTES // 4)
    return entry


def _lines(cluster: Cluster, pod: str, container: str, **which: Any) -> tuple[list[str], str]:
    """Log lines, and why there are none: that a container has not started yet is no failure to read its log."""
    try:
        return cluster.logs(pod, container, **which), ""
    except AccessDenied:
        raise
    except (NoData, UnexpectedAnswer) as error:
        return [], error.message


def newest_within(lines: list[str], size: int) -> list[str]:
    """The last lines that together have at most ``size`` bytes."""
    left, kept = size, len(lines)
    while kept and (left := left - len(lines[kept - 1].encode()) - 1) >= 0:
        kept -= 1
    return lines[kept:]
