"""One version alone: its pod drains the prefilled topic, is looked at from outside, and is ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pipeline_services.apps.load import Load
from pipeline_services.audit.ledger import judge
from pipeline_services.clients.kafka_broker import KafkaBroker
from pipeline_services.faults.admin import Admin
from pipeline_services.measure.probes import Probes
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, ServiceUnreachable, UnexpectedAnswer
from pipeline_services.model.k8s import restarts_of
from pipeline_services.model.waiting import WaitExpired, wait_until
from pipeline_services.release.alone import LOOK_EVERY_S, Alone, VersionFailed, end_of, first_of
from pipeline_services.release.bench.run import finished, history_of, last_object
from pipeline_services.release.ground import Place, loader, version_pod
from pipeline_services.release.rounds import Round
from pipeline_services.release.store import TrialStore
from pipeline_services.release.trial import Trial
from pipeline_services.release.usage import Usage, node_busy, usage

READINGS: Final = 180_000
"""So many that the start of the program is a small part of what a round costs, and a leak stays below the limit."""
LOADED_WITHIN_S: Final = 180.0
DRAINED_WITHIN_S: Final = 150.0
WATCHED_S: Final = 75.0
"""Seconds that the candidate's pod is looked at in its trial: what fails after a minute has failed by then."""


@dataclass(slots=True)
class Solo:
    """Runs versions one after the other on the same readings.

    Attributes:
        processor: the processor's Deployment, as it is.
        load: what the topic holds.
    """

    api: Admin
    probes: Probes
    store: TrialStore
    processor: Mapping[str, Any]
    load: Load
    remove_buckets: Callable[[str], None]
    _runs: int = field(default=0)

    @property
    def _alone(self) -> Alone:
        return Alone(self.api, self.probes, roles.PROCESSOR)

    def fill(self) -> None:
        """Fill the topic, once for all runs.

        Raises:
            PipelineError: the pod failed, or not every reading was acknowledged.
        """
        with self._alone.running(loader(self.processor, self.load)):
            wait_until(lambda: finished(self.api), within=LOADED_WITHIN_S, what="the topic to be filled", every=0.5)
            told = last_object(self.api, "load")
        if told.get("acknowledged") != self.load.readings:
            raise NoData(f"only {told.get('acknowledged')} of {self.load.readings} readings were acknowledged")

    def try_out(self, image: str, watched_s: float) -> Trial:
        """Look at everything that a version does, for ``watched_s`` seconds from its start at least.

        Raises:
            PipelineError: something else than the version failed.
        """
        with self._running(image) as place:
            trial, failed = Trial(), ""
            try:
                trial = replace(trial, ready_s=self._alone.ready())
                self._drained(place)
                self._alone.watch(watched_s)
            except VersionFailed as error:
                failed = error.message
            trial = self._alone.looked_at(replace(trial, failed=failed))
            if not failed:
                trial = self._read_back(trial, place)
            return replace(trial, stopped_s=self._alone.stopped())

    def play(self, version: str, image: str) -> Round:
        """One round: the version drains all readings, and what that took.

        Raises:
            PipelineError: something else than the version failed.
        """
        busy, began = node_busy(self.api), time.time()
        with self._running(image) as place:
            try:
                self._drained(place)
            except VersionFailed as error:
                return Round(version, failed=error.message)
            processes = self._alone.processes()
            ended, used = time.time(), usage(self.api, first_of(processes))
            started = processes.started()
            others = max(0.0, used.node_busy_s - busy - used.cpu_s) / (ended - began)
            return Round(
                version, costs(used, ended - started, self.load.readings), others, self.store.count(place.name)
            )

    @contextmanager
    def _running(self, image: str) -> Iterator[Place]:
        self._runs += 1
        place = Place(self.load.producer_id, self._runs)
        self.store.make(place.name)
        try:
            with self._alone.running(version_pod(self.processor, image, place, self.probes.pipeline)):
                yield place
        finally:
            self.remove_buckets(place.name)

    def _drained(self, place: Place) -> None:
        """Wait until the group has committed the end of every partition."""
        numbers = self.probes.pipeline.topics.partition_numbers
        with KafkaBroker(self.probes.kafka_forward.port) as broker:

            def drained() -> bool:
                pod = self._alone.pod()
                if restarts_of(pod):
                    raise VersionFailed(f"its container ended while it had readings to store: {end_of(pod)}")
                offsets = broker.offsets(place.name, place.topic, numbers)
                if sum(offsets.end.values()) < self.load.readings:
                    raise NoData(f"the topic {place.topic} does not hold all {self.load.readings} readings any more")
                return all((offsets.committed.get(number) or 0) >= end for number, end in offsets.end.items())

            away = (ServiceUnreachable, UnexpectedAnswer)
            goal = "all readings to be stored"
            try:
                wait_until(drained, within=DRAINED_WITHIN_S, what=goal, every=LOOK_EVERY_S, retry_on=away)
            except WaitExpired as error:
                if error.__cause__ is not None:  # Kafka did not answer in the end: that is no fault of the version
                    raise
                raise VersionFailed(f"not all readings were committed within {DRAINED_WITHIN_S:g} s") from error

    def _read_back(self, trial: Trial, place: Place) -> Trial:
        types = self.store.types(place.name)
        stored = self.store.points(place.name, self.load)
        history = history_of(self.load, self.load.readings, stored)
        return replace(trial, types=types, stored=stored, ledger=judge(history, at_least=self.load.readings))


def costs(used: Usage, seconds: float, readings: int) -> dict[str, float]:
    """By metric what a round took, in the metric's unit."""
    return {
        "cpu-per-reading": used.cpu_s / readings * 1e6,
        "peak-memory": used.peak_mib,
        "drain-time": seconds,
    }
