"""The one root object: a pipeline in a namespace of a cluster, and how to look at it."""

from __future__ import annotations

from contextlib import AbstractContextManager

from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.model.settings import Settings, Target
from pipeline_services.snapshot.collector import collect
from pipeline_services.snapshot.snapshot import Snapshot


class LivePipeline(AbstractContextManager["LivePipeline"]):
    """The pipeline that ``target`` means. Nothing is changed in its cluster, nor in the kubeconfig.

    Raises:
        PreconditionNotMet: the kubeconfig cannot be read or has no such context.
    """

    def __init__(self, target: Target, settings: Settings | None = None) -> None:
        self.cluster = Cluster.connect(target)
        self.settings = settings or Settings()
        self.pipeline = target.pipeline

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop all connections."""
        self.cluster.close()

    def snapshot(self, *, deep: bool = False, upkeep: bool = False) -> Snapshot:
        """Everything that can be read now, redacted and in bounds; takes about 3 s, at most about 15 s.

        Args:
            deep: also what triage needs: who changed what, past rollouts, the neighbours, the last half hour.
            upkeep: also what the weekly and monthly reviews need: all that Prometheus remembers.

        Raises:
            ServiceUnreachable: the API server does not answer.
            PreconditionNotMet: it has no such namespace, or the account may read nothing in it.
        """
        return collect(self.cluster, self.settings, self.pipeline, deep=deep, upkeep=upkeep)
