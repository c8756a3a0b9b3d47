"""Load, and what the autoscalers make of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from pipeline_services import faults
from pipeline_services.audit.audit import Audit, AuditReport
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.experiment.pipeline import SteadyPipeline
from pipeline_services.faults.injection import injected
from pipeline_services.faults.model import with_pods_replaced
from pipeline_services.model import roles
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import name_of, replicas_of, status_of
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.waiting import WaitExpired, wait_until

LOAD: Final = {"PRODUCER_RATE": "3000", "PRODUCER_DEVICES": "20"}
"""Readings per second and producer: several times what the CPU requests are made for."""
SCALE_UP_TIMEOUT_S: Final = 180.0
SCALE_DOWN_TIMEOUT_S: Final = 720.0
"""Seconds: five minutes of calm, then one pod less each minute."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What one autoscaler did. Seconds count from when it first knew of a CPU use past its target.

    Attributes:
        known_after: seconds from the load's start until then: the metrics' lag of section 9, and the start of pods.
    """

    app: str
    before: int
    most: int = 0
    known_after: float | None = None
    asked_after: float | None = None
    ready_after: float | None = None


@dataclass(frozen=True, slots=True)
class Shrinking:
    """How one app got back to one pod. Seconds count from when the load was taken away; None: it did not happen.

    Attributes:
        first_after: the autoscaler requested fewer pods for the first time.
        done_after: one pod was left.
    """

    app: str
    most: int
    first_after: float | None = None
    done_after: float | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """What an autoscaler said at a moment (epoch seconds): pods wanted, pods there, CPU in percent of the request."""

    at: float
    app: str
    wanted: int
    pods: int
    cpu: int


@dataclass(frozen=True, slots=True)
class LoadTest:
    """A load that came and went. ``loaded_at``, ``calm_at``: epoch seconds; ``report``: the ledger over all of it."""

    growths: list[Growth]
    shrinkings: list[Shrinking]
    samples: list[Sample]
    loaded_at: float
    calm_at: float
    report: AuditReport

    def __str__(self) -> str:
        return "\n".join([*map(str, self.growths), *map(str, self.shrinkings), str(self.report)])


def under_load(pipeline: SteadyPipeline) -> tuple[list[Growth], AuditReport]:
    """Raise the producers' rate until both autoscalers have another pod ready, and take the load away again.

    The second of what is returned is the ledger over all of it, rebalances included.
    """
    with Audit.running(pipeline.probes) as audit:
        with _load(pipeline) as since:
            found = _grown(pipeline, since, [])
        for growth in found:
            pipeline.say(f"  {growth}")
        return found, audit.reconcile()


def up_and_down(pipeline: SteadyPipeline) -> LoadTest:
    """Load until each app has another pod ready, then calm until each has one again, with the ledger over all of it.

    Raises:
        WaitExpired: an app did not come down to one pod before.
    """
    wait_until(
        lambda: set(_wanted(pipeline).values()) == {1},
        within=SCALE_DOWN_TIMEOUT_S,
        what="one pod each before the load",
        every=1.0,
    )
    samples: list[Sample] = []
    with Audit.running(pipeline.probes) as audit:
        with _load(pipeline) as since:
            growths = _grown(pipeline, since, samples)
        calm_at = time.time()
        shrinkings = _shrunk_all(pipeline, calm_at, samples)
        report = audit.reconcile()
    for one in (*growths, *shrinkings):
        pipeline.say(f"  {one}")
    return LoadTest(growths, shrinkings, samples, since, calm_at, report)


def _grown(pipeline: SteadyPipeline, since: float, samples: list[Sample]) -> list[Growth]:
    """Wait until each autoscaler has brought another ready pod, or time is up; the caller reports what did not grow."""
    found = [Growth(app, len(pipeline.pods_of(app))) for app in pipeline.description.scaled]

    def grown() -> bool:
        nonlocal found
        samples.extend(_sampled(pipeline))
        found = [_looked_at(pipeline, growth, since) for growth in found]
        return all(growth.ready_after is not None for growth in found)

    with suppress(WaitExpired):
        wait_until(
            grown,
            within=SCALE_UP_TIMEOUT_S,
            what="the autoscalers to bring more pods",
            every=1.0,
            retry_on=(PreconditionNotMet,),  # while the load's pods replace the others none may be listed
        )
    return found


def _shrunk_all(pipeline: SteadyPipeline, start: float, samples: list[Sample]) -> list[Shrinking]:
    """Wait until each app has one pod again, or time is up; the caller reports what did not shrink."""
    found = [Shrinking(app, wanted) for app, wanted in _wanted(pipeline).items()]

    def calm() -> bool:
        nonlocal found
        samples.extend(_sampled(pipeline))
        wanted, after = _wanted(pipeline), time.time() - start
        found = [_shrunk(one, wanted[one.app], after) for one in found]
        return all(one.done_after is not None for one in found)

    with suppress(WaitExpired):
        wait_until(calm, within=SCALE_DOWN_TIMEOUT_S, what="the autoscalers to take pods back", every=1.0)
    return found


def _sampled(pipeline: SteadyPipeline) -> list[Sample]:
    autoscalers = {name_of(one): one for one in pipeline.cluster.list("hpas")}
    return [
        sample_of(time.time(), app, autoscalers[pipeline.description.autoscaler(app).name])
        for app in pipeline.description.scaled
    ]


def sample_of(at: float, app: str, hpa: dict[str, Any]) -> Sample:
    """What the autoscaler says of itself; a figure that it does not give is 0."""
    status = status_of(hpa)
    wanted, pods = (int(status.get(key) or 0) for key in ("desiredReplicas", "currentReplicas"))
    return Sample(at, app, wanted, pods, _cpu(hpa))


@contextmanager
def _load(pipeline: SteadyPipeline) -> Iterator[float]:
    """The producers send several times what they are made for; since when."""
    fault = faults.config_value(pipeline.api, pipeline.description.config.config_map, pipeline.namespace, LOAD)
    fault = with_pods_replaced(fault, pipeline.description[roles.PRODUCER].label_selector, pipeline.namespace)
    pipeline.say(f"  load: {fault.summary}")
    with injected(pipeline.api, pipeline.journal, fault) as entry:
        yield entry.injected_at


def wanted_pods(cluster: Cluster, pipeline: Pipeline) -> dict[str, int]:
    """How many pods each scaled component should have now."""
    found = {name_of(one): replicas_of(one) for one in cluster.list("deployments")}
    return {component: found[pipeline[component].workload] for component in pipeline.scaled}


def _wanted(pipeline: SteadyPipeline) -> dict[str, int]:
    return wanted_pods(pipeline.cluster, pipeline.description)


def _shrunk(one: Shrinking, wanted: int, after: float) -> Shrinking:
    one = replace(one, most=max(one.most, wanted))
    if one.first_after is None and wanted < one.most:
        one = replace(one, first_after=after)
    return replace(one, done_after=after) if one.done_after is None and wanted == 1 else one


def _looked_at(pipeline: SteadyPipeline, growth: Growth, since: float) -> Growth:
    promised = pipeline.description.autoscaler(growth.app)
    hpa = next(one for one in pipeline.cluster.list("hpas") if name_of(one) == promised.name)
    pods = pipeline.pods_of(growth.app)
    now = time.time()
    found = replace(growth, most=max(growth.most, len(pods)))
    if found.known_after is None:
        return replace(found, known_after=now - since) if _cpu(hpa) > promised.cpu_percent else found
    after = now - since - found.known_after
    if found.asked_after is None and int(status_of(hpa).get("desiredReplicas", 0)) > growth.before:
        found = replace(found, asked_after=after)
    if found.ready_after is None and sum(pod.ready for pod in pods) > growth.before:
        found = replace(found, ready_after=after)
    return found


def _cpu(hpa: dict[str, Any]) -> int:
    """The use of CPU in percent of the request that the autoscaler knows of; 0 while it knows none."""
    metrics = status_of(hpa).get("currentMetrics") or []
    uses = [((metric.get("resource") or {}).get("current") or {}).get("averageUtilization") for metric in metrics]
    return next((int(use) for use in uses if use is not None), 0)
