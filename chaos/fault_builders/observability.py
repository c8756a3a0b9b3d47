"""Faults of what watches: Prometheus, Grafana, Loki and the log shipper with wrong files."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import yaml

from chaos.fault_builders.common import fault_builder, pod_shows, with_new_pods
from chaos.fault_builders.workloads import NO_START
from pipeline_services import faults
from pipeline_services.faults.model import Fault
from pipeline_services.model import roles
from pipeline_services.model.commands import fill
from pipeline_services.model.errors import NoData, NotApplicable, PreconditionNotMet
from pipeline_services.model.pipeline import Pipeline

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

Rewrite = Callable[[str, Pipeline], str]
LEFT_PANELS = 4


@fault_builder
def rewritten(
    pipeline: SteadyPipeline, app: str, config_map: str, file: str, rewrite: Rewrite, *, summary: str
) -> Fault:
    """A file of an app's ConfigMap has other contents, and its pods are started with it.

    Args:
        file: its name, with placeholders as ``commands.fill`` takes them.
    """
    path = faults.object_path("configmaps", config_map, pipeline.namespace)
    key = fill(file, pipeline.description)
    try:
        old = pipeline.api.call("GET", path)["data"][key]
    except (NoData, KeyError) as error:
        name = pipeline.description.name
        raise NotApplicable(f"{app} of {name} has no file {key} in a ConfigMap {config_map}") from error
    new = rewrite(old, pipeline.description)
    if new == old:
        raise PreconditionNotMet(f"{key} of {config_map} is like that already: {summary}")
    fault = faults.config_value(pipeline.api, config_map, pipeline.namespace, {key: new})
    return replace(with_new_pods(pipeline, fault, app), summary=summary)


def prometheus_file_damaged(pipeline: SteadyPipeline) -> Fault:
    """Prometheus cannot read its file and ends at once, again and again."""
    summary = "Prometheus' file is no YAML"
    build = rewritten(roles.PROMETHEUS, "prometheus-config", "prometheus.yml", _damaged, summary=summary)
    return build(pipeline).proved(pod_shows(pipeline, roles.PROMETHEUS, NO_START))


def limited(**limits: float) -> Rewrite:
    """Loki's file with other limits."""

    def rewrite(text: str, pipeline: Pipeline) -> str:
        document = yaml.safe_load(text)
        if "limits_config" not in document:
            raise NotApplicable(f"the Loki of {pipeline.name} has no limits of its own")
        document["limits_config"] |= limits
        return str(yaml.safe_dump(document))

    return rewrite


def without_job(name: str) -> Rewrite:
    """Prometheus' file without one of its jobs."""

    def rewrite(text: str, pipeline: Pipeline) -> str:
        document = _with_job(text, name, pipeline)
        kept = [job for job in document["scrape_configs"] if job["job_name"] != name]
        return str(yaml.safe_dump({**document, "scrape_configs": kept}))

    return rewrite


def series_dropped(job: str, names: str) -> Rewrite:
    """Prometheus' file with a job that scrapes and then drops the series of these names (a regular expression)."""

    def rewrite(text: str, pipeline: Pipeline) -> str:
        document = _with_job(text, job, pipeline)
        for one in document["scrape_configs"]:
            if one["job_name"] == job:
                drop = {"source_labels": ["__name__"], "regex": names, "action": "drop"}
                one["metric_relabel_configs"] = [*(one.get("metric_relabel_configs") or ()), drop]
        return str(yaml.safe_dump(document))

    return rewrite


def _with_job(text: str, name: str, pipeline: Pipeline) -> dict[str, Any]:
    """Prometheus' file, which has a job of that name."""
    document: dict[str, Any] = yaml.safe_load(text)
    if name not in [job["job_name"] for job in document["scrape_configs"]]:
        raise NotApplicable(f"Prometheus of {pipeline.name} has no job {name}")
    return document


def host_replaced(component: str) -> Rewrite:
    """Every mention of a component's Service names one that does not exist."""

    def rewrite(text: str, pipeline: Pipeline) -> str:
        host = pipeline.service(component).name
        return text.replace(host, f"{host}-old")

    return rewrite


def fewer_panels(text: str, _pipeline: Pipeline) -> str:
    """A dashboard that has lost most of its panels."""
    board = json.loads(text)
    return json.dumps({**board, "panels": board["panels"][:LEFT_PANELS]})


def _damaged(text: str, _pipeline: Pipeline) -> str:
    return f"{text}\n  scrape_configs: [\n"
