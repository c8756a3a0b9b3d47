"""What the pipeline stands on: the cluster's own workloads, the Leases of its programs, the DNS server's file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.manifests import object_in
from pipeline_services.model.cluster_part import COREFILE, ClusterPart, declared_here
from pipeline_services.model.k8s import K8sObject, spec_of
from pipeline_services.model.own_cluster import NODE_LEASES, SYSTEM_NAMESPACE
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.model.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of a kind of the API, the pipeline's own namespace or another one."""

    kind: str
    namespace: str = ""
    selector: str = ""


def listings(*kinds: str) -> dict[str, Listing]:
    """Lists of the pipeline's own namespace, each a source of its kind's name."""
    return {kind: Listing(kind) for kind in kinds}


SYSTEM_LISTS: Final[Mapping[str, Listing]] = MappingProxyType(
    {
        "system_deployments": Listing("deployments", SYSTEM_NAMESPACE),
        "system_daemonsets": Listing("daemonsets", SYSTEM_NAMESPACE),
        "system_services": Listing("services", SYSTEM_NAMESPACE),
        "system_networkpolicies": Listing("networkpolicies", SYSTEM_NAMESPACE),
        "system_leases": Listing("leases", SYSTEM_NAMESPACE),
        "node_leases": Listing("leases", NODE_LEASES),
    }
)
"""Source to what is listed."""
DNS_CONFIG: Final = "dns_config"
DECLARED_PARTS: Final = "declared_parts"


def dns_config(cluster: Cluster, pipeline: Pipeline) -> dict[str, Any]:
    """The Corefile of each DNS server by its name; None where its ConfigMap is not there.

    Raises:
        AccessDenied: the account may not read it.
    """
    return {name: _corefile(cluster, pipeline.cluster[name].config_map) for name in pipeline.name_servers}


def declared_parts(pipeline: Pipeline) -> dict[str, Any]:
    """What this checkout declares of the cluster's own parts, by their names; raises as ``object_in``."""
    return {name: _declared(name, pipeline.cluster[name]) for name in declared_here(pipeline.cluster)}


def _declared(name: str, part: ClusterPart) -> dict[str, Any]:
    kind, declares = ("ConfigMap", part.config_map) if part.config_map else (part.kind, name)
    found = _object_in(REPOSITORY / part.manifest, kind, declares)
    body = {"data": found["data"]} if part.config_map else {"spec": spec_of(found)}
    return {"kind": kind, "metadata": {"name": declares}, **body}


@lru_cache(maxsize=8)
def _object_in(file: Path, kind: str, name: str) -> K8sObject:
    """The object in the file, which a process reads once, however often it looks."""
    return object_in(file, kind, name)


def _corefile(cluster: Cluster, config_map: str) -> str | None:
    found = cluster.get("ConfigMap", config_map, SYSTEM_NAMESPACE)
    return str((found.get("data") or {}).get(COREFILE, "")) if found else None
