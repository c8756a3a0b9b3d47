"""Versions at work on a prefilled topic: one alone, to be looked at, or two in turns, to be measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from pipeline_services.release.bench.run import finished, history_of, last_object
from pipeline_services.release.ground import Place, loader, pod_of, version_pod
from pipeline_services.release.rounds import CANDIDATE, Round
from pipeline_services.release.store import TrialStore
from pipeline_services.release.trial import Trial
from pipeline_services.release.turns import turns
from pipeline_services.release.usage import Usage, node_busy, usage
from pipeline_services.release.version_pod import LOOK_EVERY_S, Alone, VersionFailed, end_of, first_of, running

READINGS: Final = 180_000
"""So many that the start of the program is a small part of what a round costs, and a leak stays below the limit."""
LOADED_WITHIN_S: Final = 180.0
DRAINED_WITHIN_S: Final = 150.0
_NOT_ALL: Final = f"not all readings were committed within {DRAINED_WITHIN_S:g} s"
WATCHED_S: Final = 75.0
"""Seconds that the candidate's pod is looked at in its trial: what fails after a minute has failed by then."""


@dataclass(frozen=True, slots=True)
class _Side:
    """A version at work: its pod, and what it has to itself."""

    version: str
    pod: Alone
    place: Place


@dataclass(slots=True)
class Solo:
    """Runs versions on the same readings: one alone, or two in turns.

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

    def fill(self) -> None:
        """Fill the topic, once for all runs.

        Raises:
            PipelineError: the pod failed, or not every reading was acknowledged.
        """
        with running(self.api, loader(self.processor, self.load)):
            wait_until(lambda: finished(self.api), within=LOADED_WITHIN_S, what="the topic to be filled", every=0.5)
            told = last_object(self.api, "load")
        if told.get("acknowledged") != self.load.readings:
            raise NoData(f"only {told.get('acknowledged')} of {self.load.readings} readings were acknowledged")

    def try_out(self, image: str, watched_s: float, meanwhile: Callable[[], None] = lambda: None) -> Trial:
        """Look at everything that a version does, for ``watched_s`` seconds from its start at least.

        Args:
            meanwhile: what is done once it has stored all readings and is only watched.

        Raises:
            PipelineError: something else than the version failed.
        """
        with self._running([(CANDIDATE, image)]) as (side,):
            trial, failed = Trial(), ""
            try:
                trial = replace(trial, ready_s=side.pod.ready())
                if not self._waited(lambda broker: self._has_drained(broker, side)):
                    raise VersionFailed(_NOT_ALL)
                meanwhile()
                side.pod.watch(watched_s)
            except VersionFailed as error:
                failed = error.message
            trial = side.pod.looked_at(replace(trial, failed=failed))
            if not failed:
                trial = self._read_back(trial, side.place)
            return replace(trial, stopped_s=side.pod.stopped())

    def play(self, versions: Sequence[tuple[str, str]]) -> list[Round]:
        """One pair of rounds: both versions drain all readings in turns, and what that took of each.

        Args:
            versions: each with its image, in the order in which they are begun.

        Raises:
            PipelineError: something else than a version failed.
        """
        busy, began = node_busy(self.api), time.time()
        with self._running(versions) as sides:
            first: list[int] = []
            for side in sides:
                try:
                    first.append(first_of(side.pod.begun()))
                except VersionFailed as error:
                    return [Round(side.version, failed=error.message)]
            with turns(self.api, first):
                rounds = self._in_turns(sides)
            if any(one.failed for one in rounds):
                return rounds  # the processes may be gone
            used = sum(usage(self.api, one).cpu_s for one in first)
            others = max(0.0, node_busy(self.api) - busy - used) / (time.time() - began)
        return [replace(one, others=others) for one in rounds]

    @contextmanager
    def _running(self, versions: Sequence[tuple[str, str]]) -> Iterator[list[_Side]]:
        pipeline, sides, pods = self.probes.pipeline, list[_Side](), list[Mapping[str, Any]]()
        for version, image in versions:
            self._runs += 1
            place, name = Place(self.load.producer_id, self._runs), pod_of(version)
            sides.append(_Side(version, Alone(self.api, self.probes, roles.PROCESSOR, name), place))
            pods.append(version_pod(self.processor, image, place, pipeline, name))
            self.store.make(place.name)
        try:
            with running(self.api, *pods):
                yield sides
        finally:
            for side in sides:
                self.remove_buckets(side.place.name)

    def _in_turns(self, sides: Sequence[_Side]) -> list[Round]:
        """Each is measured the moment it has stored everything; one that fails ends it."""
        rounds: dict[str, Round] = {}

        def over(broker: KafkaBroker) -> bool:
            for side in sides:
                try:
                    if side.version not in rounds and self._has_drained(broker, side):
                        rounds[side.version] = self._measured(side)
                except VersionFailed as error:
                    rounds[side.version] = Round(side.version, failed=error.message)
            return len(rounds) == len(sides) or any(one.failed for one in rounds.values())

        late = "" if self._waited(over) else _NOT_ALL
        return [rounds.get(side.version, Round(side.version, failed=late)) for side in sides]

    def _measured(self, side: _Side) -> Round:
        processes = side.pod.processes()
        ended, used = time.time(), usage(self.api, first_of(processes))
        taken = costs(used, ended - processes.started(), self.load.readings)
        return Round(side.version, taken, stored=self.store.count(side.place.name))

    def _waited(self, over: Callable[[KafkaBroker], bool]) -> bool:
        """Whether it is over in time.

        Raises:
            PipelineError: Kafka did not answer in the end, which is no fault of a version.
        """
        with KafkaBroker(self.probes.kafka_forward.port) as broker:
            try:
                return wait_until(
                    lambda: over(broker),
                    within=DRAINED_WITHIN_S,
                    what="all readings to be stored",
                    every=LOOK_EVERY_S,
                    retry_on=(ServiceUnreachable, UnexpectedAnswer),
                )
            except WaitExpired as error:
                if error.__cause__ is not None:
                    raise
                return False

    def _has_drained(self, broker: KafkaBroker, side: _Side) -> bool:
        """Whether the group has committed the end of every partition.

        Raises:
            VersionFailed: the container ended before that.
            NoData: the readings are no longer there.
        """
        pod, place = side.pod.pod(), side.place
        if restarts_of(pod):
            raise VersionFailed(f"its container ended while it had readings to store: {end_of(pod)}")
        offsets = broker.offsets(place.name, place.topic, self.probes.pipeline.topics.partition_numbers)
        if sum(offsets.end.values()) < self.load.readings:
            raise NoData(f"the topic {place.topic} does not hold all {self.load.readings} readings any more")
        return all((offsets.committed.get(number) or 0) >= end for number, end in offsets.end.items())

    def _read_back(self, trial: Trial, place: Place) -> Trial:
        types = self.store.types(place.name)
        stored = self.store.points(place.name, self.load)
        history = history_of(self.load, self.load.readings, stored)
        return replace(trial, types=types, stored=stored, ledger=judge(history, at_least=self.load.readings))


def costs(used: Usage, seconds: float, readings: int) -> dict[str, float]:
    """By metric what a round took, in the metric's unit."""
    return {"cpu-per-reading": used.cpu_s / readings * 1e6, "peak-memory": used.peak_mib, "drain-time": seconds}
