"""Faults of configuration: wrong or missing keys of the ConfigMap and of Secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chaos.faults.common import CRASHED, pod_names, pod_shows, with_new_pods, writes_fail
from pipeline_services import faults
from pipeline_services.experiment.scenario import FaultBuilder
from pipeline_services.faults import objects
from pipeline_services.faults.model import Fault, object_path, with_pods_replaced
from pipeline_services.model import names, roles

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

NO_SETTINGS: Final = frozenset({"CreateContainerConfigError"})


def changed(**values: str | None) -> FaultBuilder:
    """The ConfigMap gets other values (None: the key goes), and nobody has been started with them yet."""

    def build(pipeline: SteadyPipeline) -> Fault:
        keys = ", ".join(f"{key}={value}" for key, value in values.items())
        path = object_path("configmaps", names.CONFIG_MAP, pipeline.namespace)
        return faults.patched(pipeline.api, path, {"data": values}, f"ConfigMap {names.CONFIG_MAP}: {keys}")

    return build


def changed_and_loaded(app: str, statuses: frozenset[str], **values: str | None) -> FaultBuilder:
    """As ``changed``, and all pods of the app are started with the new values."""

    def build(pipeline: SteadyPipeline) -> Fault:
        fault = with_new_pods(pipeline, changed(**values)(pipeline), app)
        return fault.proved(pod_shows(pipeline, app, statuses))

    return build


def config_map_missing(app: str) -> FaultBuilder:
    """The ConfigMap is gone, and the app's pods are new."""

    def build(pipeline: SteadyPipeline) -> Fault:
        fault = objects.deleted(pipeline.api, "configmaps", names.CONFIG_MAP, pipeline.namespace)
        return with_new_pods(pipeline, fault, app).proved(pod_shows(pipeline, app, NO_SETTINGS))

    return build


def secret_missing(name: str) -> FaultBuilder:
    """A Secret is gone; who has its value goes on."""
    return lambda pipeline: objects.deleted(pipeline.api, "secrets", name, pipeline.namespace)


def secret_key_renamed(name: str, key: str, other: str, app: str) -> FaultBuilder:
    """A key of a Secret has another name, and the app's pods are new."""

    def build(pipeline: SteadyPipeline) -> Fault:
        path = object_path("secrets", name, pipeline.namespace)
        value = pipeline.api.call("GET", path)["data"][key]
        fault = faults.patched(pipeline.api, path, {"data": {key: None, other: value}}, f"secret {name}: {key} renamed")
        return with_new_pods(pipeline, fault, app).proved(pod_shows(pipeline, app, NO_SETTINGS))

    return build


def wrong_setting(app: str, **values: str) -> FaultBuilder:
    """New pods of the app read wrong settings and crash."""

    def build(pipeline: SteadyPipeline) -> Fault:
        fault = changed(**values)(pipeline)
        return with_pods_replaced(fault, app, pipeline.namespace, pod_names(pipeline, app)).proved(
            pod_shows(pipeline, app, CRASHED)
        )

    return build


def wrong_token(pipeline: SteadyPipeline) -> Fault:
    """New pods of the processor have a token that InfluxDB refuses."""
    fault = faults.secret_value(
        pipeline.api, names.PIPELINE_SECRET, pipeline.namespace, {"INFLUXDB_TOKEN": b"no-token-that-influxdb-knows"}
    )
    app = roles.PROCESSOR
    return with_pods_replaced(fault, app, pipeline.namespace, pod_names(pipeline, app)).proved(
        writes_fail(pipeline, "unauthorized")
    )
