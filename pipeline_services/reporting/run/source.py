"""Where the run's one snapshot comes from: a file, a cluster that was named, or the suite's own cluster."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from pipeline_services.checklist.checks import require_known_exemptions
from pipeline_services.checklist.described import described_pipeline
from pipeline_services.faults.model import overdue
from pipeline_services.judgements import history
from pipeline_services.model.errors import PipelineError, PreconditionNotMet
from pipeline_services.model.metrics.key_metrics import KEY_METRICS, metrics_of
from pipeline_services.model.metrics.metric import changes, with_levels
from pipeline_services.model.say import Say
from pipeline_services.model.settings import Settings, resolve_target
from pipeline_services.reporting.run import looks, own_cluster
from pipeline_services.reporting.run.attachments import ReadLog
from pipeline_services.reporting.run.cases import CaseLabels
from pipeline_services.reporting.run.offers import with_offers
from pipeline_services.reporting.run.options import RunOptions
from pipeline_services.reporting.run.selection import MATRIX
from pipeline_services.snapshot.saved import announcement
from pipeline_services.snapshot.snapshot import Snapshot

_OF_NO_REVIEW: Final = (
    "The snapshot is not of a weekly or monthly run, so it lacks what a review reads: name one that such a run wrote."
)


class SnapshotSource:
    """Takes the snapshot when it is first asked for, and gives the same one, or the same error, ever after.

    Args:
        deep: with what the practice run needs. upkeep: with what the weekly and monthly reviews need.
        offers: with what the registries have instead of what the suite's own cluster runs.

    Attributes:
        pipeline: what the run judges: as --pipeline describes it, else the snapshot's file, else the suite's own.

    Raises:
        PreconditionNotMet: the profile or the settings cannot be read, or contradict each other.
    """

    def __init__(
        self, options: RunOptions, say: Say, *, deep: bool = False, upkeep: bool = False, offers: bool = False
    ) -> None:
        self.options = options
        self.say = say
        self.deep = deep
        self.upkeep = upkeep
        self.offers = offers and options.is_own_cluster
        self.pipeline = described_pipeline(options.pipeline)
        self._taken: ReadLog | PipelineError | None = None
        if options.snapshot:  # which cases there are follows from its profile
            file, described = options.snapshot, self.pipeline if options.pipeline else None
            large = announcement(file)
            if large:
                say(large)
            self._taken = _tried(lambda: Snapshot.load(file, described))
        if self.taken:
            self.pipeline = self.taken.pipeline
        self.settings = Settings.load(options.settings, KEY_METRICS, self.pipeline)
        require_known_exemptions(self.pipeline)
        with_levels(metrics_of(self.pipeline), self.settings.thresholds)

    @property
    def taken(self) -> ReadLog | None:
        """The snapshot, where there is one yet."""
        return self._taken if isinstance(self._taken, ReadLog) else None

    @property
    def changed(self) -> list[str]:
        """What the settings change of the metrics' levels, in words."""
        return changes(metrics_of(self.pipeline), self.settings.thresholds)

    @property
    def here(self) -> frozenset[str]:
        """The components that this environment has: those described, but for what the settings declare absent."""
        return frozenset(self.pipeline.reported) - self.settings.absent

    def leaves_out(self, case: CaseLabels) -> bool:
        """Whether a case is about what is not here. The matrix itself says what its rows would need."""
        by_settings = case.component in self.settings.absent
        return by_settings or (case.component not in self.here and MATRIX not in case.markers)

    def snapshot(self) -> ReadLog:
        """The snapshot.

        Raises:
            PreconditionNotMet: what was asked for cannot be judged (no such file, context or namespace).
            PipelineError: the cluster could not be asked.
        """
        if self._taken is None:
            self._taken = _tried(self._look)
        if isinstance(self._taken, PipelineError):
            raise self._taken
        return self._taken

    def stopped_by(self, error: PipelineError) -> KeyboardInterrupt | None:
        """What somebody stopped the run with; None where a cluster cannot be had."""
        from pipeline_services.model.failures import Interrupted  # noqa: PLC0415 - a good run does not need it

        return error.cause if isinstance(error, Interrupted) else None

    def refuses(self, error: PipelineError) -> bool:
        """Whether the command asked for something that is not there, as opposed to a cluster that gave no answer."""
        return isinstance(error, PreconditionNotMet) or self.options.snapshot is not None

    def of_the_settings(self) -> list[str]:
        """What they changed, a line each."""
        return [f"changed by the settings: {change}" for change in self.changed]

    def of_the_file(self) -> list[str]:
        """What a reader has to know of a saved snapshot before all else: how old it is, what it lacks."""
        if not (self.taken and self.options.snapshot):
            return []
        lacks = [_OF_NO_REVIEW] if self.upkeep and history.SOURCE not in self.taken.answers else []
        return [*self.taken.remarks(time.time()), *lacks]

    def _look(self) -> Snapshot:
        options = self.options
        from pipeline_services.snapshot.live import LivePipeline  # noqa: PLC0415  a saved snapshot needs no client library

        if options.is_own_cluster:
            own_cluster.make_ready(options.under_fault, self.say, self.pipeline)
        target = resolve_target(options.kubeconfig, options.context, options.namespace, self.pipeline)
        with LivePipeline(target, self.settings) as pipeline:
            snapshot = pipeline.snapshot(deep=self.deep, upkeep=self.upkeep)
            if pipeline.clock:
                self.say(pipeline.clock)
        if self.upkeep:
            earlier = looks.read(options.reports, snapshot)
            snapshot = replace(snapshot, answers={**snapshot.answers, history.SOURCE: earlier})
        if self.offers:
            self.say("asking the registries for newer versions than those pinned; this takes some minutes")
            snapshot = with_offers(snapshot)
        for line in overdue(snapshot.answers, snapshot.taken_at):
            self.say(line)
        if options.is_own_cluster and own_cluster.something_to_undo(options.under_fault):
            raise PreconditionNotMet("something was broken on purpose just now", next_step="the same command again")
        return snapshot


def _tried(look: Callable[[], Snapshot]) -> ReadLog | PipelineError:
    try:
        return ReadLog.over(look())
    except PipelineError as error:
        return error
