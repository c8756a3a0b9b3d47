"""Engine, images and the kind cluster, all from package registries: what ``make up`` sets up."""

from __future__ import annotations

from pipeline_services.platform.cluster.access import ClusterAccess
from pipeline_services.platform.cluster.lifecycle import ensure_cluster

__all__ = ["ClusterAccess", "ensure_cluster"]
