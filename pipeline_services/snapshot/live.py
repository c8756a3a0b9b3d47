"""The one root object: a pipeline in a namespace of a cluster, and how to look at it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import name_of
from pipeline_services.model.settings import Settings, Target
from pipeline_services.model.text import duration
from pipeline_services.snapshot.collector import collect
from pipeline_services.snapshot.snapshot import Snapshot

_LISTS: Final = ("deployments", "statefulsets", "daemonsets", "services")


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
        """Everything that can be read now, redacted and in bounds; takes about 2 s, at most about 15 s.

        Args:
            deep: also what triage needs: who changed what, past rollouts, the neighbours, the last half hour.
            upkeep: also what the weekly and monthly reviews need: all that Prometheus remembers; at most a minute.

        Raises:
            ServiceUnreachable: the API server does not answer.
            PreconditionNotMet: it has no such namespace, the account may read nothing in it, or it is another one than
                the profile's and holds nothing of the pipeline.
        """
        snapshot = collect(self.cluster, self.settings, self.pipeline, deep=deep, upkeep=upkeep)
        if holds_nothing(snapshot):
            raise PreconditionNotMet(
                f"namespace {snapshot.namespace} holds no workload and no service of the pipeline {self.pipeline.name}",
                next_step="name its namespace with --namespace, or describe it with --pipeline",
            )
        return snapshot

    @property
    def clock(self) -> str:
        """What there is to say about this machine's clock, known after a snapshot; nothing where it is right."""
        ahead_s = self.cluster.server.ahead_s
        if not ahead_s:
            return ""
        side = "ahead of" if ahead_s > 0 else "behind"
        return f"This machine's clock is {duration(abs(ahead_s))} {side} the cluster's, by which all is judged."


def holds_nothing(snapshot: Snapshot) -> bool:
    """Whether the namespace that was named has nothing of the pipeline; its own namespace may have lost everything."""
    pipeline = snapshot.pipeline
    if snapshot.namespace == pipeline.namespace or not set(_LISTS) <= snapshot.answers.keys():
        return False
    there = {name_of(item) for source in _LISTS for item in snapshot.answers[source]}
    return not there & {*pipeline.services, *(part.workload for part in pipeline.workloads.values())}
