"""What is kept of a scenario beside its samples: events and log tails, bounded, and without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pipeline_services.experiment.pipeline import SteadyPipeline
from pipeline_services.experiment.scenario import Story
from pipeline_services.model import names, own_cluster, roles
from pipeline_services.model.errors import PipelineError
from pipeline_services.snapshot.collector import collect
from pipeline_services.snapshot.redaction import redacted, secret_forms
from pipeline_services.snapshot.sources.kubernetes import secret_values, shaped

LINES: Final = 120
SINCE: Final = 900


def gather(story: Story, pipeline: SteadyPipeline) -> None:
    """Events and the logs as they are at the end. What cannot be read is noted in its place: evidence stops nothing."""
    try:
        story.events = _clean(pipeline, shaped("events", pipeline.cluster.list("events")))
    except PipelineError as error:
        story.logs["events"] = [f"could not be read: {error.message}"]
    gather_logs(story, pipeline, "after")


def take_snapshot(story: Story, pipeline: SteadyPipeline) -> None:
    """Everything that triage can be asked about, as it is now; kept beside the journal under the case's name."""
    try:
        story.snapshot = collect(pipeline.cluster, deep=True)
    except PipelineError as error:
        story.logs["snapshot"] = [f"could not be taken: {error.message}"]
        return
    story.snapshot.save(snapshot_file(pipeline, story.case.id))


def snapshot_file(pipeline: SteadyPipeline, case: str) -> Path:
    """Where the last snapshot of a case lies."""
    return pipeline.ground.folder / "snapshots" / f"{case}.json"


def gather_logs(story: Story, pipeline: SteadyPipeline, when: str) -> None:
    """The last lines of the component and its neighbours, of the container before a restart too."""
    try:
        pods = pipeline.cluster.list("pods")
    except PipelineError as error:
        story.logs[f"pods {when}"] = [f"could not be read: {error.message}"]
        return
    for pod in pods:
        app = (pod["metadata"].get("labels") or {}).get("app", "")
        if app in roles.DATA_PATH:
            restarted = any(one.get("restartCount", 0) for one in pod["status"].get("containerStatuses") or ())
            _tail(story, pipeline, pod, when)
            if restarted:
                _tail(story, pipeline, pod, when, previous=True)


def _tail(story: Story, pipeline: SteadyPipeline, pod: Mapping[str, Any], when: str, *, previous: bool = False) -> None:
    name, app = str(pod["metadata"]["name"]), str(pod["metadata"]["labels"]["app"])
    key = f"{name} {'before its restart, ' if previous else ''}{when}"
    try:
        lines = pipeline.cluster.logs(name, app, since=SINCE, lines=LINES, previous=previous)
    except PipelineError as error:
        story.logs[key] = [f"could not be read: {error.message}"]
        return
    story.logs[key] = _clean(pipeline, lines)


def _clean(pipeline: SteadyPipeline, tree: Any) -> Any:
    secrets = pipeline.cluster.list("secrets")
    public = {
        value for module in (names, own_cluster, roles) for value in vars(module).values() if isinstance(value, str)
    }
    forms = secret_forms((value for secret in secrets for value in secret_values(secret).values()), public)
    return redacted(tree, forms, public)
