"""One version alone: its pod drains the prefilled topic, is looked at from outside, and is ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pipeline_services.apps.bench import Load
from pipeline_services.audit.ledger import judge
from pipeline_services.bench.manifests import NAME
from pipeline_services.bench.run import finished, history_of, last_object
from pipeline_services.clients.http import HttpApi
from pipeline_services.clients.kafka_broker import KafkaBroker
from pipeline_services.clients.port_forward import Endpoint, PortForward
from pipeline_services.faults.admin import Admin
from pipeline_services.faults.injection import perform
from pipeline_services.faults.pods import container_id
from pipeline_services.faults.processes import Processes
from pipeline_services.measure.probes import Probes
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, PipelineError, ServiceUnreachable, UnexpectedAnswer
from pipeline_services.model.k8s import (
    container_statuses,
    is_ready,
    last_end,
    restarts_of,
    started_at,
)
from pipeline_services.model.waiting import WaitExpired, wait_until
from pipeline_services.platform.deploy.rollout import log_end, why
from pipeline_services.release.ground import Place, loader, remove_pods, version_pod
from pipeline_services.release.rounds import Round
from pipeline_services.release.store import TrialStore
from pipeline_services.release.trial import READY_WITHIN_S, Trial
from pipeline_services.release.usage import Usage, node_busy, usage

READINGS: Final = 60_000
LOADED_WITHIN_S: Final = 180.0
DRAINED_WITHIN_S: Final = 150.0
WATCHED_S: Final = 75.0
"""Seconds that the candidate's pod is looked at in its trial: what fails after a minute has failed by then."""
ENDED_WITHIN_S: Final = 60.0
LOOK_EVERY_S: Final = 0.2
LOG_LINES: Final = 5_000


class VersionFailed(PipelineError):
    """The version did not do its work, as against that it could not be seen doing it."""


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

    def fill(self) -> None:
        """Fill the topic, once for all runs.

        Raises:
            PipelineError: the pod failed, or not every reading was acknowledged.
        """
        self._gone_at_once()
        self.api.apply(loader(self.processor, self.load))
        wait_until(lambda: finished(self.api), within=LOADED_WITHIN_S, what="the topic to be filled", every=0.5)
        told = last_object(self.api, "load")
        self._gone_at_once()
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
                trial = replace(trial, ready_s=self._ready())
                self._drained(place)
                self._watch(watched_s)
            except VersionFailed as error:
                failed = error.message
            trial = self._looked_at(replace(trial, failed=failed))
            if not failed:
                trial = self._read_back(trial, place)
            return replace(trial, stopped_s=self._stopped())

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
            processes = self._processes()
            ended, used = time.time(), usage(self.api, _first(processes))
            started = processes.started()
            others = max(0.0, used.node_busy_s - busy - used.cpu_s) / (ended - began)
            return Round(
                version, costs(used, ended - started, self.load.readings), others, self.store.count(place.name)
            )

    @contextmanager
    def _running(self, image: str) -> Iterator[Place]:
        self._runs += 1
        place = Place(self.load.producer_id, self._runs)
        self._gone_at_once()
        self.store.make(place.name)
        self.api.apply(version_pod(self.processor, image, place, self.probes.pipeline))
        try:
            yield place
        finally:
            self._gone_at_once()
            self.remove_buckets(place.name)

    def _ready(self) -> float:
        began = time.monotonic()

        def ready() -> bool:
            pod = self._pod()
            if restarts_of(pod) and not is_ready(pod):
                raise VersionFailed(f"its container ended before it was ready: {why(pod)}")
            return is_ready(pod)

        try:
            wait_until(ready, within=READY_WITHIN_S, what=f"the pod {NAME} to be ready", every=LOOK_EVERY_S)
        except WaitExpired as error:
            raise VersionFailed(f"not within {READY_WITHIN_S:g} s: {why(self._pod())}") from error
        return time.monotonic() - began

    def _drained(self, place: Place) -> None:
        """Wait until the group has committed the end of every partition."""
        numbers = self.probes.pipeline.topics.partition_numbers
        with KafkaBroker(self.probes.kafka_forward.port) as broker:

            def drained() -> bool:
                pod = self._pod()
                if restarts_of(pod):
                    raise VersionFailed(f"its container ended while it had readings to store: {_end_of(pod)}")
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

    def _watch(self, seconds: float) -> None:
        def over() -> bool:
            pod = self._pod()
            if restarts_of(pod):
                raise VersionFailed(f"its container ended by itself: {_end_of(pod)}")
            started = started_at(pod)
            return started is not None and time.time() - started >= seconds

        wait_until(over, within=seconds + READY_WITHIN_S, what=f"the pod to run for {seconds:g} s", every=1.0)

    def _looked_at(self, trial: Trial) -> Trial:
        pod = self._pod()
        log = log_end(self.api, NAME, self._container, lines=LOG_LINES)
        if restarts_of(pod):
            log = [*log_end(self.api, NAME, self._container, lines=LOG_LINES, previous=True), *log]
        series = None if trial.failed else self._series()
        return replace(trial, restarts=restarts_of(pod), ended=_end_of(pod), log=log, series=series)

    def _read_back(self, trial: Trial, place: Place) -> Trial:
        types = self.store.types(place.name)
        stored = self.store.points(place.name, self.load)
        history = history_of(self.load, self.load.readings, stored)
        return replace(trial, types=types, stored=stored, ledger=judge(history, at_least=self.load.readings))

    def _series(self) -> dict[str, float]:
        port = self.probes.pipeline[roles.PROCESSOR].metrics_port
        with (
            PortForward(self.api, Endpoint(NAME, NAME, port)) as forward,
            closing(HttpApi(NAME, forward.port, cause=lambda: forward.failure)) as http,
        ):
            answer = http.ask("/metrics")
        if answer.status != 200:
            raise UnexpectedAnswer(f"{NAME} answers {answer.status} to /metrics")
        known = set(self.probes.pipeline.metrics.values())
        return {name: value for name, value in series_in(answer.text).items() if name in known}

    def _stopped(self) -> float:
        """End the pod as a roll-out does; returns the seconds until it was gone."""
        began = time.monotonic()
        self.api.delete("Pod", NAME)
        wait_until(self._is_gone, within=ENDED_WITHIN_S, what=f"the pod {NAME} to be gone", every=LOOK_EVERY_S)
        return time.monotonic() - began

    def _gone_at_once(self) -> None:
        perform(self.api, [remove_pods(self.probes.pipeline.namespace)])
        wait_until(self._is_gone, within=ENDED_WITHIN_S, what=f"the pod {NAME} to be gone", every=LOOK_EVERY_S)

    def _is_gone(self) -> bool:
        return self.api.get("Pod", NAME) is None

    def _pod(self) -> dict[str, Any]:
        pod = self.api.get("Pod", NAME)
        if pod is None:
            raise NoData(f"somebody took the pod {NAME} away")
        return pod

    @property
    def _container(self) -> str:
        return self.probes.pipeline[roles.PROCESSOR].container

    def _processes(self) -> Processes:
        return Processes(self.api, container_id(self._pod(), self._container))


def costs(used: Usage, seconds: float, readings: int) -> dict[str, float]:
    """By metric what a round took, in the metric's unit."""
    return {
        "cpu-per-reading": used.cpu_s / readings * 1e6,
        "peak-memory": used.peak_mib,
        "drain-time": seconds,
    }


def series_in(text: str) -> dict[str, float]:
    """By name the sum over a metric's series, from Prometheus' text form."""
    found: dict[str, float] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            series, _, value = line.rpartition(" ")
            name = series.partition("{")[0]
            found[name] = found.get(name, 0.0) + float(value)
    return found


def _first(processes: Processes) -> int:
    first = processes.first()
    if first is None:
        raise NoData(f"no process of {NAME} runs")
    return first


def _end_of(pod: Mapping[str, Any]) -> str:
    """How the pod's container last ended; empty where it never did."""
    ended = next((end for one in container_statuses(pod) if (end := last_end(one))), None)
    return f"{ended.get('reason')}, exit code {ended.get('exitCode')}" if ended else ""
