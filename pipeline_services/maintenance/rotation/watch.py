"""Who drops out once a token is refused: what the clients that hold it say of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from pipeline_services.measure import datasource
from pipeline_services.measure.probes import Probes
from pipeline_services.measure.samples import SourceSample
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData
from pipeline_services.model.k8s import container_statuses, is_running, is_terminating, name_of

WATCHED_S: Final = 15.0
"""Seconds for which the clients are watched once a token is refused: the processor writes several times in each."""
REFUSED: Final = ("unauthorized", "forbidden")
"""Why a write fails whose token is deleted (401), or inactive (403)."""


@dataclass(frozen=True, slots=True)
class Look:
    """How often each pod of the processor was refused since its start; what each pod of Grafana says of InfluxDB."""

    refusals: Mapping[str, float]
    sources: Mapping[str, SourceSample]


def dropped_out(before: Look, after: Look) -> list[str]:
    """Which clients were refused between two looks, or are at the second one; a line each. Pure."""
    lines = [
        f"{pod} was refused {count - before.refusals.get(pod, 0):g} times"
        for pod, count in sorted(after.refusals.items())
        if count > before.refusals.get(pod, 0)
    ]
    could = {pod for pod, sample in before.sources.items() if sample.works}
    return lines + [
        f"{pod} cannot read: {sample.message}"
        for pod, sample in sorted(after.sources.items())
        if pod in could and not sample.works
    ]


def all_working(look: Look) -> Look:
    """A look for the time before that nobody has seen: whoever cannot read by now may have dropped out. Pure."""
    return replace(look, sources={pod: replace(sample, works=True) for pod, sample in look.sources.items()})


def nobody() -> Look:
    """For a rotation that is not played. Always raises NoData."""
    raise NoData("nobody looks at the clients of a rotation that is not played")


def look(probes: Probes) -> Look:
    """Ask every running pod of both.

    Raises:
        NoData: there is none of the processor.
        PipelineError: a pod does not answer.
    """
    pipeline = probes.pipeline
    refusals = {pod: refusals_of(probes, pod) for pod in _pods(probes, roles.PROCESSOR)}
    sources = {}
    for pod in _pods(probes, roles.GRAFANA):
        with datasource.opened(probes.cluster, pipeline, pod) as ask:
            sources[pod] = ask()
    if not refusals:
        raise NoData("no pod of the processor runs that could be refused")
    return Look(refusals, sources)


def refusals_of(probes: Probes, pod: str) -> float:
    """How often a pod of the processor was refused since it started."""
    failures = probes.pipeline.metrics["write_failures"]
    return sum(probes.metric(roles.PROCESSOR, pod, failures, {"reason": reason}) for reason in REFUSED)


def _pods(probes: Probes, component: str) -> list[str]:
    part = probes.pipeline[component]
    return [
        name_of(pod)
        for pod in probes.cluster.list("pods")
        if part.owns(pod) and not is_terminating(pod) and any(map(is_running, container_statuses(pod)))
    ]
