"""A pipeline to which something may be done: both consents are there, and nobody else is at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.faults.admin import Admin, KindNode
from pipeline_services.faults.safety import chaos_lock, require_label
from pipeline_services.model import own_cluster

if TYPE_CHECKING:
    from pipeline_services.faults.safety import ChaosTarget


@contextmanager
def consented(authorized: ChaosTarget, what: str, *, on_node: bool = False) -> Iterator[tuple[Cluster, Admin]]:
    """The API as a reader, and with the rights to change the pipeline; both are closed after the block.

    Args:
        what: is at it, for whoever else would like to be.
        on_node: programs are run on the node, too, where the cluster is the suite's own.

    Raises:
        PreconditionNotMet: another run is at it, or the namespace does not consent.
        PipelineError: the cluster does not answer.
    """
    target = authorized.target
    with chaos_lock(authorized, what), closing(Cluster.connect(target)) as cluster:
        cluster.require_namespace()
        node = KindNode.of(own_cluster.CLUSTER) if on_node and authorized.own else None
        with closing(Admin(cluster.server.access, target.namespace, node)) as api:
            require_label(api, target.namespace)
            yield cluster, api
