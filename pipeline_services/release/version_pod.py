"""The life of one version's pod beside the pipeline: started, looked at from outside, and ended."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from pipeline_services.faults.admin import Admin
from pipeline_services.faults.injection import perform
from pipeline_services.faults.pods import container_id
from pipeline_services.faults.processes import Processes
from pipeline_services.measure.probes import Probes, series_in
from pipeline_services.model.errors import NoData, PipelineError, PreconditionNotMet
from pipeline_services.model.k8s import container_statuses, is_ready, last_end, name_of, restarts_of, started_at
from pipeline_services.model.waiting import WaitExpired, wait_until
from pipeline_services.platform.deploy.rollout import log_end, why
from pipeline_services.release.facts import READY_WITHIN_S
from pipeline_services.release.ground import remove_pods
from pipeline_services.release.trial import Trial

ENDED_WITHIN_S: Final = 60.0
LOOK_EVERY_S: Final = 0.2
LOG_LINES: Final = 5_000


class VersionFailed(PipelineError):
    """The version did not do its work, as opposed to that it could not be seen doing it."""


@contextmanager
def running(api: Admin, *manifests: Mapping[str, Any]) -> Iterator[None]:
    """These pods run within the block, begun in this order, and are gone after it."""
    names = frozenset(map(name_of, manifests))
    _gone_at_once(api, names)
    try:
        for manifest in manifests:
            api.apply(manifest)
        yield
    finally:
        _gone_at_once(api, names)


def _gone_at_once(api: Admin, names: frozenset[str]) -> None:
    """Take away those of these pods that there are."""
    perform(api, [remove_pods(api.namespace, name) for name in sorted(names)])
    what = f"these pods to be gone: {', '.join(sorted(names))}"
    wait_until(
        lambda: names.isdisjoint(map(name_of, api.list("pods"))), within=ENDED_WITHIN_S, what=what, every=LOOK_EVERY_S
    )


@dataclass(frozen=True, slots=True)
class Alone:
    """The pod ``name``, of the app ``app``."""

    api: Admin
    probes: Probes
    app: str
    name: str

    def ready(self) -> float:
        """Seconds until the pod is ready. Raises VersionFailed where it is not in time."""
        began = time.monotonic()

        def ready() -> bool:
            pod = self.pod()
            if restarts_of(pod) and not is_ready(pod):
                raise VersionFailed(f"its container ended before it was ready: {why(pod)}")
            return is_ready(pod)

        try:
            wait_until(ready, within=READY_WITHIN_S, what=f"the pod {self.name} to be ready", every=LOOK_EVERY_S)
        except WaitExpired as error:
            raise VersionFailed(why(self.pod())) from error
        return time.monotonic() - began

    def watch(self, seconds: float) -> None:
        """Look at the pod until it is ``seconds`` old. Raises VersionFailed where its container ends before that."""

        def over() -> bool:
            pod = self.pod()
            if restarts_of(pod):
                raise VersionFailed(f"its container ended by itself: {end_of(pod)}")
            started = started_at(pod)
            return started is not None and time.time() - started >= seconds

        wait_until(over, within=seconds + READY_WITHIN_S, what=f"the pod to run for {seconds:g} s", every=1.0)

    def looked_at(self, trial: Trial) -> Trial:
        """The trial with what can be seen of the pod now."""
        pod = self.pod()
        log = log_end(self.api, self.name, self._container, lines=LOG_LINES)
        if restarts_of(pod):
            log = [*log_end(self.api, self.name, self._container, lines=LOG_LINES, previous=True), *log]
        series = None if trial.failed else self._series()
        return replace(trial, restarts=restarts_of(pod), ended=end_of(pod), log=log, series=series)

    def _series(self) -> dict[str, float]:
        known = set(self.probes.pipeline.metrics.values())
        series = series_in(self.probes.metrics(self.app, self.name))
        return {name: value for name, value in series.items() if name in known}

    def stopped(self) -> float:
        """End the pod as a roll-out does; returns the seconds until it was gone."""
        began = time.monotonic()
        self.api.delete("Pod", self.name)
        wait_until(self._is_gone, within=ENDED_WITHIN_S, what=f"the pod {self.name} to be gone", every=LOOK_EVERY_S)
        return time.monotonic() - began

    def _is_gone(self) -> bool:
        return self.api.get("Pod", self.name) is None

    def pod(self) -> dict[str, Any]:
        """The pod as it is now. Raises NoData where somebody took it away."""
        pod = self.api.get("Pod", self.name)
        if pod is None:
            raise NoData(f"somebody deleted the pod {self.name}")
        return pod

    @property
    def _container(self) -> str:
        return self.probes.pipeline[self.app].container

    def processes(self) -> Processes:
        """The processes of the app's container. Raises PreconditionNotMet where it does not run."""
        return Processes(self.api, container_id(self.pod(), self._container))

    def begun(self) -> Processes:
        """The processes of the app's container, as soon as it runs. Raises VersionFailed where it does not in time."""

        def runs() -> Processes:
            found = self.processes()
            first_of(found)
            return found

        try:
            return wait_until(
                runs,
                within=READY_WITHIN_S,
                what=f"the container of {self.name} to run",
                every=0.05,
                retry_on=(PreconditionNotMet,),
            )
        except WaitExpired as error:
            raise VersionFailed(f"its container did not run within {READY_WITHIN_S:g} s: {why(self.pod())}") from error


def first_of(processes: Processes) -> int:
    """The id on the node of a container's first process. Raises PreconditionNotMet where there is none."""
    first = processes.first()
    if first is None:
        raise PreconditionNotMet(f"no process of the container {processes.container_id[:12]} runs")
    return first


def end_of(pod: Mapping[str, Any]) -> str:
    """How the pod's container last ended; empty where it never did."""
    ended = next((end for one in container_statuses(pod) if (end := last_end(one))), None)
    return f"{ended.get('reason')}, exit code {ended.get('exitCode')}" if ended else ""
