"""What a rule may look at: the snapshot's objects, logs and events by whose they are, and what the checks said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from pipeline_services.checklist import checks
from pipeline_services.checklist.model import Check
from pipeline_services.checklist.run import CheckResult
from pipeline_services.judgements.heartbeats import on_silent_nodes
from pipeline_services.judgements.pods import STILL_SHOWS, all_ready_since
from pipeline_services.model import roles
from pipeline_services.model.k8s import (
    K8sObject,
    epoch,
    involved_object,
    is_done,
    is_ready,
    is_terminating,
    labels_of,
    last_seen,
    name_of,
    stamped_lines,
)
from pipeline_services.model.kinds import kind_of
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.processor_log import DELIVERS_AGAIN, NOT_DELIVERED
from pipeline_services.snapshot.objects import left_over
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.model import Cause

RECENT: Final = 900.0
"""Seconds back for which events and log lines are evidence of something that is wrong now."""
TRIED_AGAIN_S: Final = 20.0
"""Seconds within which every processor tries again to deliver what it holds, and says why it cannot."""
_WHY_NOT: Final = rf"{NOT_DELIVERED} \([\w-]+\)"
FRESH_S: Final = 20.0
"""Age of the newest stored reading up to which readings are being stored."""


@dataclass(frozen=True)
class Evidence:
    """One snapshot and the results of the checks on it. A source that could not be read is an empty list here: what is
    missing is never taken for a fault, and the diagnosis lists checks without an answer.

    Attributes:
        results: the checks that are not green, by id.
        absent: the components that this environment does not have.
        causes: what a finding may name, by id.
    """

    snapshot: Snapshot
    results: Mapping[str, CheckResult] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    causes: Mapping[str, Cause] = field(default_factory=dict)

    @property
    def pipeline(self) -> Pipeline:
        """The profile of what the snapshot shows."""
        return self.snapshot.pipeline

    @property
    def now(self) -> float:
        """When the snapshot was taken, epoch seconds."""
        return self.snapshot.taken_at

    def data(self, source: str, default: Any = None) -> Any:
        """What a source answered, or ``default``."""
        return self.snapshot.data_or(source, default)

    def failure(self, source: str) -> str:
        """Why a source could not be read, or nothing."""
        found = self.snapshot.failures.get(source)
        return found.message if found else ""

    def known(self, source: str) -> bool:
        """Whether the source was read."""
        return source in self.snapshot.answers and source not in self.snapshot.failures

    def objects(self, source: str) -> list[K8sObject]:
        """The list, empty where it could not be read."""
        return list(self.data(source) or [])

    def object(self, source: str, name: str) -> K8sObject | None:
        return next((item for item in self.objects(source) if name_of(item) == name), None)

    def failed(self, check: Check, *parameters: str) -> list[CheckResult]:
        """The failed cases of a check; only those whose parameters begin with these, where any are given."""
        return [one for one in self._cases(check, parameters) if one.failed]

    def undecided(self, check: Check, *parameters: str) -> list[CheckResult]:
        """The cases of a check whose parameters begin with these that could not be judged."""
        return [one for one in self._cases(check, parameters) if not one.failed]

    def _cases(self, check: Check, parameters: tuple[str, ...]) -> Iterator[CheckResult]:
        own = (one for one in self.results.values() if one.check is check)
        return (one for one in own if one.parameters[: len(parameters)] == parameters)

    def failed_metrics(self, *metric_ids: str) -> list[CheckResult]:
        """The failed cases of these key metrics, in their order."""
        return [one for metric_id in metric_ids for one in self.failed(checks.KEY_METRIC, metric_id)]

    def passing_metrics(self, *metric_ids: str) -> list[CheckResult]:
        """Those of these key metrics that cannot be judged yet only because they still show an outage that is over."""
        undecided = (one for metric_id in metric_ids for one in self.undecided(checks.KEY_METRIC, metric_id))
        return [one for one in undecided if STILL_SHOWS in one.why]

    def workload(self, component: str) -> K8sObject | None:
        """The component's Deployment, StatefulSet or DaemonSet."""
        part = self.pipeline.workloads.get(component)
        return self.object(part.list_name, part.workload) if part else None

    def all_pods(self, component: str) -> list[K8sObject]:
        """The pods of the component's workload, those that are being deleted as well."""
        return list(self._pods_by_component.get(component, ()))

    @cached_property
    def _pods_by_component(self) -> dict[str, list[K8sObject]]:
        pods = [pod for pod in self.objects("pods") if not is_done(pod)]
        parts = self.pipeline.workloads.values()
        left = {part.id: left_over(self.snapshot, part, pods) for part in parts}
        return {
            part.id: [pod for pod in pods if part.owns(pod) and name_of(pod) not in left[part.id]] for part in parts
        }

    def pods(self, component: str) -> list[K8sObject]:
        """The component's pods that are meant to stay."""
        return [pod for pod in self.all_pods(component) if not is_terminating(pod)]

    def ready(self, component: str) -> list[K8sObject]:
        return [pod for pod in self.pods(component) if is_ready(pod)]

    def serves(self, component: str) -> bool:
        """Whether a pod is ready, and not only since a moment ago, so that its Service does not lead to it yet."""
        part = self.pipeline.workloads.get(component)
        entering = part and part.service and self.undecided(checks.SERVICE_HAS_ENDPOINT, part.service.name)
        return bool(self.ready(component)) and not entering

    @cached_property
    def events(self) -> list[K8sObject]:
        """Recent events, newest first."""
        recent = [one for one in self.objects("events") if self.now - last_seen(one) <= RECENT]
        return sorted(recent, key=last_seen, reverse=True)

    def events_of(self, kind: str, name: str, *reasons: str) -> list[K8sObject]:
        """Recent events about an object, newest first; all reasons where none is given."""
        found = self._events_by_object.get((kind, name), [])
        return [one for one in found if not reasons or one.get("reason") in reasons]

    @cached_property
    def _events_by_object(self) -> dict[tuple[str, str], list[K8sObject]]:
        found: dict[tuple[str, str], list[K8sObject]] = {}
        for event in self.events:
            found.setdefault(involved_object(event), []).append(event)
        return found

    def lines(self, component: str, within: float = 180.0) -> list[tuple[float, str]]:
        """The newest log lines of a component's standing pods as (epoch seconds, text), oldest first."""
        return sorted(line for pod in self.pods(component) for line in self.lines_of(component, pod, within))

    def lines_of(self, component: str, pod: K8sObject, within: float = 180.0) -> list[tuple[float, str]]:
        """As ``lines``, of one pod. Of one that is not ready all counts, the life before its restart as well."""
        since = self.now - within if is_ready(pod) else 0.0
        key = component, name_of(pod)
        if key not in self._written:
            tails = [tail for tail in self.data(f"logs/{component}") or [] if tail["pod"] == name_of(pod)]
            self._written[key] = sorted(line for tail in tails for line in stamped_lines(tail))
        return [line for line in self._written[key] if line[0] >= since]

    @cached_property
    def _written(self) -> dict[tuple[str, str], list[tuple[float, str]]]:
        """What ``lines_of`` has read so far, by component and pod: dozens of rules read the lines of the same few."""
        return {}

    def said(self, component: str, pattern: str, within: float = 180.0) -> list[str]:
        """The lines of a component that contain the pattern, newest last; not what it has said to be over since."""
        return [text for _, text in self.standing_lines(component, within) if re.search(pattern, text)]

    def standing_lines(self, component: str, within: float = 180.0) -> list[tuple[float, str]]:
        """As ``lines``, without what is over: deliveries work again since, or fail for another reason by now."""
        lines = self.lines(component, within)
        over, (changed, reason) = _delivered_again(lines) or 0.0, _trouble(lines)
        return [
            (at, text)
            for at, text in lines
            if NOT_DELIVERED not in text or (at > over and (at > changed or reason in text))
        ]

    @cached_property
    def delivers_since(self) -> float | None:
        """When the processor's deliveries worked again after trouble; None where there was none, or there is."""
        if self.said(roles.PROCESSOR, NOT_DELIVERED):
            return None
        return self.said_to_deliver or self._ready_lately(roles.PROCESSOR)

    @property
    def said_to_deliver(self) -> float | None:
        """When the processor last logged that deliveries work again; where it never says so, when the errors ended."""
        lines = self.lines(roles.PROCESSOR)
        return self._errors_ended(lines) if self.pipeline.message else _delivered_again(lines)

    def _errors_ended(self, lines: Sequence[tuple[float, str]]) -> float | None:
        """When the processor logged its last error, if readings made since then, and lately, are stored."""
        part, newest = self.pipeline[roles.PROCESSOR], (self.data("influxdb_newest") or {}).get("time")
        last = max((at for at, text in lines if part.logs_an_error(text)), default=None)
        if last is None or newest is None:
            return None
        return last if newest > max(last, self.now - FRESH_S) else None

    def _ready_lately(self, component: str, within: float = 180.0) -> float | None:
        """When the last of the component's pods became ready, where all are and the first of them did within this time.

        The processor's pods are ready once a delivery has worked: what failed before was in pods that are gone.
        """
        since = all_ready_since(self.pods(component))
        return max(since) if since and self.now - min(since) <= within else None

    def changed(self, source: str, name: str, field_path: str = "") -> float | None:
        """When the object, or a part of it, was written last; None where that is not recorded."""
        kind = kind_of(source).name
        times = [
            epoch(change["time"])
            for change in self.data("changes") or []
            if change["kind"] == kind
            and change["name"] == name
            and (not field_path or any(path.startswith(field_path) for path in change.get("fields", ())))
        ]
        return max(times, default=None)

    def system(self, label: str, value: str) -> list[K8sObject]:
        """The pods of kube-system with that label."""
        pods = self.objects("system_pods")
        return [pod for pod in pods if labels_of(pod).get(label) == value]

    def outdated(self, pods: list[K8sObject]) -> bool:
        """Whether what is known of one of these pods is old, since its node's kubelet is silent."""
        return on_silent_nodes(self.snapshot, pods)


def _delivered_again(lines: list[tuple[float, str]]) -> float | None:
    return max((at for at, text in lines if DELIVERS_AGAIN in text), default=None)


def _trouble(lines: list[tuple[float, str]]) -> tuple[float, str]:
    """Until when another reason than the newest may have stood for a delivery that failed, and the newest."""
    failed = [(at, found[0]) for at, text in lines if (found := re.search(_WHY_NOT, text))]
    at, reason = failed[-1] if failed else (0.0, "")
    return at - TRIED_AGAIN_S, reason
