"""The nightly run inside the cluster: its image and manifests/nightly, only where it was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipeline_services.clients.manifests import rendered
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.platform.build.images import SUITE
from pipeline_services.platform.cluster.bring_up import Platform
from pipeline_services.platform.cluster.kind_cluster import written

MANIFESTS: Final = REPOSITORY / "manifests" / "nightly"
NAMESPACE: Final = "conveyor-nightly"
ROLL_OUT_WITHIN_S: Final = 180
DELETED_WITHIN_S: Final = 300.0


def install(platform: Platform) -> None:
    """Build the suite's image, bring it into the node, apply the manifests, wait for the pod with the metrics.

    Raises:
        PlatformError: a step failed.
    """
    platform.bring_images({SUITE: platform.assembly.ref(SUITE)})
    platform.cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", _rendered(platform))
    status = ("rollout", "status", "deployment/nightly-metrics", "-n", NAMESPACE, f"--timeout={ROLL_OUT_WITHIN_S}s")
    platform.cluster.kubectl(*status, timeout=ROLL_OUT_WITHIN_S + 30)


def remove(platform: Platform) -> None:
    """Delete all that the manifests made, the reports included. Raises PlatformError where the cluster refused."""
    file = _rendered(platform)
    platform.cluster.kubectl("delete", "--ignore-not-found", "-f", file, timeout=DELETED_WITHIN_S)


def _rendered(platform: Platform) -> Path:
    file = platform.cluster.access.kubeconfig.with_name("nightly.yaml")
    return written(file, rendered(MANIFESTS), {SUITE: platform.assembly.ref(SUITE)})
