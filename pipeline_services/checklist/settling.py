"""Has a pipeline that was just started, or mended, run long enough to be judged? Windows fill after a minute or two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from pipeline_services.judgements import (
    endpoints,
    events,
    grafana,
    hpas,
    kafka,
    logs,
    loki,
    pods,
    readings,
    resources,
    targets,
    workloads,
)
from pipeline_services.metrics.key_metrics import KEY_METRICS
from pipeline_services.model import roles
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.settings import resolve_target
from pipeline_services.model.waiting import WaitExpired, wait_until
from pipeline_services.snapshot.live import LivePipeline
from pipeline_services.snapshot.snapshot import Snapshot

SETTLES_WITHIN: Final = 240.0
"""Seconds: the longest window, two minutes of rates, and a slow machine's start."""


def unsettled(snapshot: Snapshot) -> list[str]:
    """What has no good figure yet, a line each; empty once everything that takes time has been judged well."""
    return [line for line in map(_problem, _judgements(snapshot)) if line]


def settle(kubeconfig: Path, context: str, progress: Callable[[str], None], since: str = "the pipeline runs") -> None:
    """Wait until the pipeline has settled, or has had the time to; what has not by then is for the checks to judge.

    Args:
        progress: takes a line whenever there is less left to wait for.
        since: what has just been done, in words.
    """
    left: list[int] = []

    def settled() -> bool:
        problems = unsettled(pipeline.snapshot())
        if problems and (not left or len(problems) < left[-1]):
            left.append(len(problems))
            progress(f"{since}; figures still to come: {len(problems)} (at most {SETTLES_WITHIN:.0f} s)")
        return not problems

    with LivePipeline(resolve_target(kubeconfig, context, None)) as pipeline:
        try:
            wait_until(settled, within=SETTLES_WITHIN, what="figures", every=2.0, retry_on=(PipelineError,))
        except WaitExpired as expired:
            progress(f"not settled, to be judged as it is: {expired.message}")


def _judgements(snapshot: Snapshot) -> Iterator[Callable[[], object]]:
    yield from _figures(snapshot)
    for component in snapshot.pipeline.judged_workloads:
        yield partial(pods.are_ready, snapshot, component)
        yield partial(workloads.is_rolled_out, snapshot, component)
    for component in roles.DATA_PATH:
        yield partial(logs.have_no_unknown_errors, snapshot, component)
        yield partial(loki.has_logs_of, snapshot, component)
        yield partial(targets.pods_are_scraped, snapshot, component)
    for component in events.event_components(snapshot.pipeline):
        yield partial(events.have_no_open_warnings, snapshot, component)
    for service in snapshot.pipeline.services:
        yield partial(endpoints.are_ready, snapshot, service)
    yield partial(kafka.group_is_stable, snapshot)


def _figures(snapshot: Snapshot) -> Iterator[Callable[[], object]]:
    for metric in KEY_METRICS.values():
        for subject in metric.cases(snapshot.pipeline):
            yield partial(readings.is_within, snapshot, metric, subject)
    for hpa in snapshot.pipeline.autoscalers:
        yield partial(hpas.knows_metrics, snapshot, hpa)
    for component in snapshot.pipeline.judged_workloads:
        yield partial(resources.are_within_limits, snapshot, component)
    for title in snapshot.pipeline.dashboard.panels.values():
        yield partial(grafana.panel_is_fresh, snapshot, title)


def _problem(judgement: Callable[[], object]) -> str:
    try:
        judgement()
    except (PipelineError, AssertionError) as error:
        return str(error).partition("\n")[0]
    return ""
