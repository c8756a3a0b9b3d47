"""A pipeline without numbers to which something may be done: both consents are there, and nobody else is at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from pipeline_services.audit.observer import Observer
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.faults.admin import Admin
from pipeline_services.faults.safety import chaos_lock, require_label

if TYPE_CHECKING:
    from pipeline_services.faults.safety import ChaosTarget


@contextmanager
def consented(authorized: ChaosTarget, what: str) -> Iterator[tuple[Admin, Observer]]:
    """The API with the rights to change the pipeline, and an observer of it; both are closed after the block.

    Args:
        what: is at it, for whoever else would like to be.

    Raises:
        PreconditionNotMet: another run is at it, or the namespace does not consent.
        PipelineError: the cluster does not answer.
    """
    target = authorized.target
    with chaos_lock(authorized, what), closing(Cluster.connect(target)) as cluster:
        cluster.require_namespace()
        with closing(Admin(cluster.server.access, target.namespace)) as api:
            require_label(api, target.namespace)
            with Observer(cluster, target.pipeline) as observer:
                yield api, observer
