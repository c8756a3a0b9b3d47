"""What was declared: the objects that the manifests make, as far as a snapshot holds their live counterparts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.manifests import rendered
from pipeline_services.model import own_cluster
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import labels_of, name_of
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.model.pipeline import Pipeline

COMPARED: Final = frozenset(
    {
        *("Namespace", "ConfigMap", "Service", "NetworkPolicy", "HorizontalPodAutoscaler"),
        *("Deployment", "StatefulSet", "DaemonSet"),
    }
)
"""The kinds whose live objects are collected."""
UPSTREAM: Final = REPOSITORY / "manifests" / "overlays" / "registry"
_BODY: Final = ("kind", "spec", "data")


def folder_of(pipeline: Pipeline, labels: Mapping[str, str]) -> Path:
    """The manifests of what runs, which the namespace's labels say. Pure."""
    is_upstream = labels.get(own_cluster.IMAGES_LABEL) == own_cluster.UPSTREAM_IMAGES
    return UPSTREAM if is_upstream else REPOSITORY / pipeline.manifests


def declared(pipeline: Pipeline, cluster: Cluster) -> list[dict[str, Any]]:
    """The manifests' objects without what nobody compares.

    Raises:
        PreconditionNotMet: the manifests cannot be read, or are for another namespace.
    """
    namespace = cluster.namespace
    if namespace != pipeline.namespace:
        raise PreconditionNotMet(f"{pipeline.manifests} declares what is in {pipeline.namespace}, not in {namespace}")
    found = cluster.get("Namespace", namespace)
    objects = rendered(folder_of(pipeline, labels_of(found) if found else {}))
    return [
        {
            "metadata": {"name": name_of(item), "labels": dict(labels_of(item))},
            **{key: item[key] for key in _BODY if key in item},
        }
        for item in objects
        if item["kind"] in COMPARED
    ]
