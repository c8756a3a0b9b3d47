"""Where the run's one snapshot comes from: a file, a cluster that was named, or the suite's own cluster."""

from __future__ import annotations

from collections.abc import Callable

from pipeline_services.faults.model import overdue
from pipeline_services.model.errors import PipelineError, PreconditionNotMet
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Settings, resolve_target
from pipeline_services.reporting.run import own_cluster
from pipeline_services.reporting.run.attachments import ReadLog
from pipeline_services.reporting.run.options import RunOptions
from pipeline_services.snapshot.snapshot import Snapshot

Say = Callable[[str], None]


class SnapshotSource:
    """Takes the snapshot when it is first asked for, and gives the same one, or the same error, ever after.

    Args:
        upkeep: with what the weekly and monthly reviews need.
    """

    def __init__(self, options: RunOptions, settings: Settings, say: Say, *, upkeep: bool = False) -> None:
        self.options = options
        self.settings = settings
        self.say = say
        self.upkeep = upkeep
        self._taken: ReadLog | PipelineError | None = None

    @property
    def taken(self) -> ReadLog | None:
        """The snapshot, where there is one yet."""
        return self._taken if isinstance(self._taken, ReadLog) else None

    @property
    def pipeline(self) -> Pipeline:
        """The description of what the run judges."""
        return self.taken.pipeline if self.taken else Pipeline.load()

    def snapshot(self) -> ReadLog:
        """The snapshot.

        Raises:
            PreconditionNotMet: what was asked for cannot be judged (no such file, context or namespace).
            PipelineError: the cluster could not be asked.
        """
        if self._taken is None:
            try:
                self._taken = ReadLog.over(self._take())
            except PipelineError as error:
                self._taken = error
        if isinstance(self._taken, PipelineError):
            raise self._taken
        return self._taken

    def was_stopped(self, error: PipelineError) -> bool:
        """Whether somebody stopped the run, as against a cluster that cannot be had."""
        from pipeline_services.clients.failures import Interrupted  # noqa: PLC0415 - a good run does not need it

        return isinstance(error, Interrupted)

    def refuses(self, error: PipelineError) -> bool:
        """Whether the command asked for something that is not there, as against a cluster that gave no answer."""
        return isinstance(error, PreconditionNotMet) or self.options.snapshot is not None

    def _take(self) -> Snapshot:
        options = self.options
        if options.snapshot:
            return Snapshot.load(options.snapshot)
        from pipeline_services.snapshot.live import LivePipeline  # noqa: PLC0415  a saved snapshot needs no client library

        if options.is_own_cluster:
            own_cluster.make_ready(options.under_fault, self.say)
        target = resolve_target(options.kubeconfig, options.context, options.namespace)
        with LivePipeline(target, self.settings) as pipeline:
            snapshot = pipeline.snapshot(upkeep=self.upkeep)
        for line in overdue(snapshot.answers, snapshot.taken_at):
            self.say(line)
        if options.is_own_cluster and own_cluster.something_to_undo(options.under_fault):
            raise PreconditionNotMet("something was broken on purpose just now", next_step="the same command again")
        return snapshot
