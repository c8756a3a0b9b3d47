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


def under_load(pipeline: SteadyPipeline) -> tuple[list[Growth], AuditReport]:
    """Raise the producers' rate until both autoscalers have another pod ready, and take the load away again.

    The second of what is returned is the ledger over all of it, rebalances included.
    """
    found = [Growth(app, len(pipeline.pods_of(app))) for app in pipeline.description.scaled]
    with Audit.running(pipeline.probes) as audit:
        with _load(pipeline) as since:

            def grown() -> bool:
                nonlocal found
                found = [_looked_at(pipeline, growth, since) for growth in found]
                return all(growth.ready_after is not None for growth in found)

            with suppress(WaitExpired):  # the caller reports what did not grow, with all that was seen
                wait_until(
                    grown,
                    within=SCALE_UP_TIMEOUT_S,
                    what="the autoscalers to bring more pods",
                    every=1.0,
                    retry_on=(PreconditionNotMet,),  # while the load's pods replace the others none may be listed
                )
        for growth in found:
            pipeline.say(f"  {growth}")
        return found, audit.reconcile()


def after_calm(pipeline: SteadyPipeline) -> list[Shrinking]:
    """Load until each app has several pods, then calm until each has one again.

    Raises:
        WaitExpired: an app did not come down to one pod before, or the load brought no pods.
    """
    wait_until(
        lambda: set(_wanted(pipeline).values()) == {1},
        within=SCALE_DOWN_TIMEOUT_S,
        what="one pod each before the load",
        every=1.0,
    )
    with _load(pipeline):
        wait_until(
            lambda: min(_wanted(pipeline).values()) > 1,
            within=SCALE_UP_TIMEOUT_S,
            what="more pods to be wanted",
            every=1.0,
        )
    start = time.time()
    found = [Shrinking(app, wanted) for app, wanted in _wanted(pipeline).items()]

    def calm() -> bool:
        nonlocal found
        wanted, after = _wanted(pipeline), time.time() - start
        found = [_shrunk(one, wanted[one.app], after) for one in found]
        return all(one.done_after is not None for one in found)

    with suppress(WaitExpired):
        wait_until(calm, within=SCALE_DOWN_TIMEOUT_S, what="the autoscalers to take pods back", every=1.0)
    for one in found:
        pipeline.say(f"  {one}")
    return found


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
