"""What was declared: the objects that the manifests make, as far as a snapshot holds their live counterparts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.manifests import rendered
from pipeline_services.model import own_cluster
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import (
    containers_of,
    init_containers_of,
    labels_of,
    name_of,
    namespace_of,
    replicas_of,
    spec_of,
    template_of,
)
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.paths import REPOSITORY, VERSIONS
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.toml_table import read_toml
from pipeline_services.snapshot.sources.cluster_parts import Listing, listings

COMPARED: Final = frozenset(
    {
        *("Namespace", "ConfigMap", "Service", "NetworkPolicy", "HorizontalPodAutoscaler"),
        *("Deployment", "StatefulSet", "DaemonSet", "PodDisruptionBudget", "PersistentVolumeClaim"),
        *("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"),
    }
)
"""The kinds whose live objects are collected."""
UPSTREAM: Final = REPOSITORY / "manifests" / "overlays" / "registry"
BESIDE: Final[Mapping[str, Listing]] = MappingProxyType(
    listings(
        *("poddisruptionbudgets", "resourcequotas", "limitranges"),
        *("serviceaccounts", "roles", "rolebindings", "ingresses", "storageclasses", "persistentvolumes"),
        *("clusterroles", "clusterrolebindings"),
        *("validatingwebhookconfigurations", "mutatingwebhookconfigurations", "validatingadmissionpolicybindings"),
    )
)
"""What is listed for the sake of the comparison alone."""
NEWEST: Final = ("validatingadmissionpolicybindings",)
"""Kinds that API servers before 1.30 do not know."""
_BODY: Final = (
    *("kind", "spec", "data", "binaryData", "immutable"),
    *("rules", "roleRef", "subjects", "automountServiceAccountToken"),
)


def folder_of(pipeline: Pipeline, labels: Mapping[str, str]) -> Path:
    """The manifests of what runs, which the namespace's labels say. Pure."""
    is_upstream = labels.get(own_cluster.IMAGES_LABEL) == own_cluster.UPSTREAM_IMAGES
    return UPSTREAM if is_upstream else REPOSITORY / pipeline.manifests


def declared(pipeline: Pipeline, cluster: Cluster) -> list[Mapping[str, Any]]:
    """The manifests' objects without what nobody compares.

    Raises:
        PreconditionNotMet: the manifests cannot be read, or are for another namespace.
    """
    namespace = cluster.namespace
    if namespace != pipeline.namespace:
        raise PreconditionNotMet(f"{pipeline.manifests} declares what is in {pipeline.namespace}, not in {namespace}")
    found = cluster.get("Namespace", namespace)
    return list(_compared(folder_of(pipeline, labels_of(found) if found else {}), namespace))


@lru_cache(maxsize=8)
def _compared(folder: Path, namespace: str) -> tuple[Mapping[str, Any], ...]:
    """What is compared of the manifests in a folder, which a process reads once, however often it looks."""
    objects = rendered(folder)
    if folder != UPSTREAM:
        _fill_versions(objects)
    claims = [claim for item in objects if item["kind"] == "StatefulSet" for claim in _claims(item)]
    return tuple(
        {
            "metadata": {"name": name_of(item), "labels": dict(labels_of(item))},
            **{key: item[key] for key in _BODY if key in item},
        }
        for item in (*objects, *claims)
        if item["kind"] in COMPARED and namespace_of(item) in ("", namespace)
    )


def _fill_versions(objects: list[dict[str, Any]]) -> None:
    """Put the version that this checkout builds behind the name of each image that has one, as the tags begin with it.

    Without the file that says so, as in the image of the nightly run, they stay as they are.
    """
    components = read_toml(VERSIONS, "the versions").get("components", {}) if VERSIONS.exists() else {}
    for item in objects:
        template = template_of(item) if KINDS[item["kind"]].workload else {}
        for container in (*init_containers_of(template), *containers_of(template)) if template else ():
            name = container["image"].removeprefix(own_cluster.IMAGES_PREFIX)
            if name in components:
                container["image"] += f":{components[name]['version']}"


def _claims(stateful_set: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The volume claims that its controller makes."""
    for claim in spec_of(stateful_set).get("volumeClaimTemplates") or ():
        for number in range(replicas_of(stateful_set)):
            metadata = {"name": f"{name_of(claim)}-{name_of(stateful_set)}-{number}"}
            yield {"kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec_of(claim)}
