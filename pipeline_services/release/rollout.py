"""The candidate in the baseline's place under load: rolled out, watched, rolled back, and the ledger over all of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from pipeline_services.audit.audit import Audit, AuditReport
from pipeline_services.faults import templates
from pipeline_services.faults.admin import Admin
from pipeline_services.faults.injection import gone, injected
from pipeline_services.faults.journal import Journal
from pipeline_services.faults.model import Fault, object_path, together
from pipeline_services.measure.probes import Probes
from pipeline_services.measure.sampler import PipelineSampler
from pipeline_services.measure.samples import Samples, StoredSample, progress
from pipeline_services.model import roles
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.k8s import containers_of, is_complete, name_of, restarts_of
from pipeline_services.model.waiting import WaitExpired, wait_until
from pipeline_services.platform.deploy.rollout import why
from pipeline_services.release.facts import Fact
from pipeline_services.release.image import tag_of

APPS: Final = (roles.PROCESSOR, roles.PRODUCER)
ROLLED_OUT_WITHIN_S: Final = 120.0
WATCHED_S: Final = 75.0
"""Seconds that the candidate carries the load: what fails after a minute has failed by then."""
SETTLED_S: Final = 5.0
"""Seconds under load before the roll-out, and after the roll back."""

Scenarios = Callable[[], Sequence[str]]
"""Plays failures on the candidate; returns what was not as it should be, a line each."""


@dataclass(slots=True)
class Rolled:
    """What the roll-out showed. ``marks``: seconds since the epoch, and what happened then."""

    facts: list[Fact] = field(default_factory=list)
    marks: list[tuple[float, str]] = field(default_factory=list)

    def mark(self, what: str) -> float:
        """Note a moment; returns it."""
        now = time.time()
        self.marks.append((now, what))
        return now

    def add(self, name: str, holds: bool | None, seen: str) -> None:
        """Note a fact of the roll-out by its id."""
        self.facts.append(Fact(name, holds, seen))


@dataclass(frozen=True, slots=True)
class RollOut:
    """Puts the candidate in place of the baseline, journaled, so that it is taken back however the run ends."""

    api: Admin
    journal: Journal
    probes: Probes
    image: str

    def play(self, rolled: Rolled) -> None:
        """Roll forward, watch, roll back, reconcile. What is found is entered into ``rolled`` as it is found.

        Raises:
            PipelineError: something else than the candidate failed.
        """
        fault = self.fault()
        with Audit.running(self.probes) as audit, PipelineSampler(self.probes) as sampler:
            began = rolled.mark("load begins")
            _pass(SETTLED_S, "load before the roll-out")
            with injected(self.api, self.journal, fault):
                rolled.mark("the candidate is rolled out")
                self._forward(rolled)
                rolled.mark("the baseline is rolled back")
            self._back(fault, rolled)
            _pass(SETTLED_S, "load after the roll back")
            ended = rolled.mark("load ends")
            report = self._reconciled(audit, rolled)
        if report is not None:
            _judge_ledger(report, rolled)
        limit = self.probes.pipeline[roles.PROCESSOR].recovery_limit_s
        rolled.add("rollout-gap", *judged_gap(sampler.samples, began, ended, limit))

    def with_candidate(self, rolled: Rolled, scenarios: Scenarios) -> None:
        """Play failures while the candidate is in place.

        Raises:
            PipelineError: the candidate could not be put in place, or a scenario could not be concluded.
        """
        fault = self.fault()
        with injected(self.api, self.journal, fault):
            rolled.mark("the candidate is rolled out for the failures")
            self._complete()
            wrong = scenarios()
            rolled.add("scenarios", not wrong, "; ".join(wrong) or "it recovered from each")
        gone(fault)
        rolled.mark("the baseline is back for good")

    def fault(self) -> Fault:
        """The change: both apps with the candidate's image."""
        pipeline = self.probes.pipeline
        edits = [
            templates.edited(
                self.api, pipeline[app], pipeline.namespace, templates.image(tag_of(self.image)), summary=self.image
            )
            for app in APPS
        ]
        return together(f"the candidate {self.image} is rolled out", edits)

    def _forward(self, rolled: Rolled) -> None:
        began = time.monotonic()
        try:
            self._complete()
        except WaitExpired as error:
            rolled.add("rollout-ready", False, "; ".join(self._not_ready()) or error.message)
            return
        rolled.add("rollout-ready", True, f"after {time.monotonic() - began:.0f} s")
        rolled.mark("every pod is the candidate's")
        _pass(WATCHED_S, "load on the candidate")
        restarts = {name_of(pod): restarts_of(pod) for pod in self._pods()}
        again = [f"{name} {count} times" for name, count in restarts.items() if count]
        rolled.add("rollout-restarts", not again if restarts else None, "; ".join(again) or f"{len(restarts)} pods")

    def _complete(self) -> None:
        """Raises WaitExpired where the roll-out does not complete in time."""

        def complete() -> bool:
            pods = self._pods()
            return bool(pods) and all(is_complete(self._workload(app)) for app in APPS)

        wait_until(complete, within=ROLLED_OUT_WITHIN_S, what="the roll-out to complete", every=0.5)

    def _back(self, fault: Fault, rolled: Rolled) -> None:
        try:
            gone(fault)
        except PipelineError as error:
            rolled.add("rollback", False, error.message)
            return
        rolled.mark("every pod is the baseline's")

    def _reconciled(self, audit: Audit, rolled: Rolled) -> AuditReport | None:
        try:
            return audit.reconcile()
        except WaitExpired as error:  # the baseline does not get through what the candidate left
            rolled.add("rollout-ledger", False, error.message)
            return None

    def _workload(self, app: str) -> dict[str, Any]:
        part = self.probes.pipeline[app]
        return dict(self.api.call("GET", object_path(part.list_name, part.workload, self.probes.pipeline.namespace)))

    def _pods(self) -> list[dict[str, Any]]:
        """The pods that run the candidate's image."""
        wanted = {part.container for part in map(self.probes.pipeline.__getitem__, APPS)}
        return [
            pod
            for pod in self.api.list("pods")
            if any(one["image"] == self.image and one["name"] in wanted for one in containers_of(pod))
        ]

    def _not_ready(self) -> list[str]:
        return [f"{name_of(pod)}: {told}" for pod in self._pods() if (told := why(pod))]


def _judge_ledger(report: AuditReport, rolled: Rolled) -> None:
    """The baseline has read back, after the roll back, all that the candidate stored and all that it put into Kafka."""
    rolled.add("rollout-ledger", report.holds, str(report))
    if not any(fact.id == "rollback" for fact in rolled.facts):
        stored = report.audit.stored + report.own.stored
        rolled.add("rollback", report.holds, f"{stored} readings read back, {report.lost} lost")


def judged_gap(samples: Samples, began: float, ended: float, limit: float) -> tuple[bool | None, str]:
    """Whether new readings went on being stored: the longest time (seconds) without one, held against ``limit``."""
    times = [at for at in stored_times(samples.stored) if began <= at <= ended]
    if not times:
        return None, "no new reading was seen in the store"
    moments = [began, *times, ended]
    longest, since = max((later - earlier, earlier) for earlier, later in pairwise(moments))
    seen = f"the longest gap was {longest:.1f} s, {since - began:.0f} s after load began; the limit is {limit:g} s"
    return longest <= limit, seen


def stored_times(samples: Sequence[StoredSample]) -> list[float]:
    """When newer readings of the audit were seen in the store."""
    return progress(samples, audit=True)


def _pass(seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() >= until, within=2 * seconds, what=what)
