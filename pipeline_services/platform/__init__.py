"""The suite's own kind cluster: builds its images from packages or pulls them, creates it, deploys the pipeline."""

from __future__ import annotations

from pipeline_services.platform.cluster.access import ClusterAccess
from pipeline_services.platform.cluster.lifecycle import ensure_cluster

__all__ = ["ClusterAccess", "ensure_cluster"]
