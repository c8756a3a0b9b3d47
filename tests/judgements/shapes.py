"""A healthy pipeline of another shape, as the collector would have seen it: what it has not, nobody asks."""

from __future__ import annotations

from pipeline_services.model import roles
from pipeline_services.model.metrics.key_metrics import metrics_of
from pipeline_services.model.pipeline import PROMETHEUS, Pipeline
from tests.judgements.world import World, healthy


def shaped(pipeline: Pipeline) -> World:
    """The world of ``healthy`` without the sources that the pipeline has not."""
    world = healthy(pipeline=pipeline)
    for source in [name for name in world.answers if not _is_asked(name, pipeline)]:
        del world.answers[source]
    jobs = {pipeline[app].workload for app in pipeline.scraped}
    if pipeline.usage != PROMETHEUS:
        targets = world.answers["prometheus_targets"]
        world.answers["prometheus_targets"] = [one for one in targets if one["labels"]["job"] in jobs]
    return world


def _is_asked(source: str, pipeline: Pipeline) -> bool:
    tool, _, metric = source.partition("/")
    if tool == "prometheus":
        return metric in metrics_of(pipeline)
    if tool == "tls":
        return bool(pipeline.config.tls)
    owner = next((one for one in (roles.LOKI, roles.GRAFANA) if source.startswith(one)), "")
    return not owner or owner in pipeline.components
