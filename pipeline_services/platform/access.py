"""How to reach a cluster that was brought up here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline_services import names
from pipeline_services.platform.paths import Cache


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """A cluster and the files that open it.

    Attributes:
        name: kind's name of the cluster.
        context: the context in both kubeconfigs.
        kubeconfig: may do everything.
        reader_kubeconfig: may only read, as the daily checks do; written when the pipeline is deployed.
    """

    name: str
    context: str
    kubeconfig: Path
    reader_kubeconfig: Path


def access_to(cache: Cache, name: str = names.CLUSTER) -> ClusterAccess:
    """The files of a cluster, whether it is there or not."""
    folder = cache.cluster(name)
    return ClusterAccess(name, f"kind-{name}", folder / "kubeconfig", folder / "reader.kubeconfig")
