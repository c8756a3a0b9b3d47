"""The evidence of a scenario beside its samples: events and log tails, bounded, and without secrets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pipeline_services.experiment.pipeline import SteadyPipeline
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.k8s import name_of, restarts_of
from pipeline_services.snapshot.publication import redactor
from pipeline_services.snapshot.sources.kubernetes import shaped

LOG_LINES: Final = 120
LOG_AGE_S: Final = 900
Logs = dict[str, list[str]]
"""Lines by where they come from and when they were read; what could not be read says so in its place."""
_Redact = Callable[[Any], Any]


def snapshot_file(pipeline: SteadyPipeline, scenario: str) -> Path:
    """Where the last snapshot of a scenario lies."""
    return pipeline.authorized.folder / "snapshots" / f"{scenario}.json"


def unreadable(error: PipelineError) -> list[str]:
    """What stands in the place of what cannot be read: missing evidence stops nothing."""
    return [f"could not be read: {error.message}"]


def read_events(pipeline: SteadyPipeline) -> list[dict[str, Any]]:
    """The namespace's events. Raises PipelineError where they cannot be read."""
    found: list[dict[str, Any]] = _redaction(pipeline)(shaped("events", pipeline.cluster.list("events")))
    return found


def read_logs(pipeline: SteadyPipeline, when: str) -> Logs:
    """The last lines of the data path's pods, of a container before its restart too."""
    try:
        pods, redact = pipeline.cluster.list("pods"), _redaction(pipeline)
    except PipelineError as error:
        return {f"pods {when}": unreadable(error)}
    logs: Logs = {}
    for pod in pods:
        part = pipeline.description.component_of(pod)
        if part is not None and part.id in pipeline.description.data_path:
            name = name_of(pod)
            logs[f"{name} {when}"] = _tail(pipeline, redact, name, part.container)
            if restarts_of(pod):
                before = _tail(pipeline, redact, name, part.container, previous=True)
                logs[f"{name} before its restart, {when}"] = before
    return logs


def _tail(pipeline: SteadyPipeline, redact: _Redact, pod: str, container: str, *, previous: bool = False) -> list[str]:
    try:
        lines = pipeline.cluster.logs(pod, container, since=LOG_AGE_S, lines=LOG_LINES, previous=previous)
    except PipelineError as error:
        return unreadable(error)
    found: list[str] = redact(lines)
    return found


def _redaction(pipeline: SteadyPipeline) -> _Redact:
    cluster = pipeline.cluster
    return redactor(pipeline.description, cluster.context, cluster.namespace, cluster.list("secrets"))
