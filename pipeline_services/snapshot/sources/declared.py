"""What was declared: the objects that the manifests make, as far as a snapshot holds their live counterparts."""

from __future__ import annotations

from typing import Any, Final

from pipeline_services.clients.manifests import rendered
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
_BODY: Final = ("kind", "spec", "data")


def declared(pipeline: Pipeline, namespace: str) -> list[dict[str, Any]]:
    """The manifests' objects without what nobody compares.

    Args:
        namespace: the one that is looked at.

    Raises:
        PreconditionNotMet: the manifests cannot be read, or are for another namespace.
    """
    if namespace != pipeline.namespace:
        raise PreconditionNotMet(f"{pipeline.manifests} declares what is in {pipeline.namespace}, not in {namespace}")
    objects = rendered(REPOSITORY / pipeline.manifests)
    return [
        {
            "metadata": {"name": name_of(item), "labels": dict(labels_of(item))},
            **{key: item[key] for key in _BODY if key in item},
        }
        for item in objects
        if item["kind"] in COMPARED
    ]
