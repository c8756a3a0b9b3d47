"""Faults of configuration: the ConfigMaps and Secrets, the certificate, the autoscalers."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chaos.breakages import Breakage
from chaos.matrix.workloads import NO_SETTINGS, shows, with_pods_anew
from pipeline_services import faults
from pipeline_services.faults import objects
from pipeline_services.faults.model import Fault, Proof, object_path
from pipeline_services.model import names, roles
from pipeline_services.platform.deploy.secrets.tls import SERVER_NAMES, new_certificate

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

OLD: Final = datetime.timedelta(days=90)
VERIFIERS: Final = (roles.INFLUXDB, roles.PROCESSOR, roles.GRAFANA)
"""Who has to start anew to know another authority; Prometheus reads the file again by itself."""
Made = Callable[[], Mapping[str, bytes]]


def latent(**values: str | None) -> Breakage:
    """The ConfigMap gets other values (None: the key goes), and nobody has been started with them yet."""

    def build(pipeline: SteadyPipeline) -> Fault:
        keys = ", ".join(f"{key}={value}" for key, value in values.items())
        path = object_path("configmaps", names.CONFIG_MAP, pipeline.namespace)
        return faults.patched(pipeline.api, path, {"data": values}, f"ConfigMap {names.CONFIG_MAP}: {keys}")

    return build


def taken_up(app: str, statuses: frozenset[str], **values: str | None) -> Breakage:
    """As ``latent``, and all pods of the app are started with the new values."""

    def build(pipeline: SteadyPipeline) -> Fault:
        fault = with_pods_anew(pipeline, latent(**values)(pipeline), app)
        return fault.proved(shows(pipeline, app, statuses))

    return build


def config_map_missing(app: str) -> Breakage:
    """The ConfigMap is gone, and the app's pods are new."""

    def build(pipeline: SteadyPipeline) -> Fault:
        fault = objects.deleted(pipeline.api, "configmaps", names.CONFIG_MAP, pipeline.namespace)
        return with_pods_anew(pipeline, fault, app).proved(shows(pipeline, app, NO_SETTINGS))

    return build


def secret_missing(name: str) -> Breakage:
    """A Secret is gone; who has its value goes on."""
    return lambda pipeline: objects.deleted(pipeline.api, "secrets", name, pipeline.namespace)


def secret_key_renamed(name: str, key: str, other: str, app: str) -> Breakage:
    """A key of a Secret has another name, and the app's pods are new."""

    def build(pipeline: SteadyPipeline) -> Fault:
        path = object_path("secrets", name, pipeline.namespace)
        value = pipeline.api.call("GET", path)["data"][key]
        fault = faults.patched(pipeline.api, path, {"data": {key: None, other: value}}, f"secret {name}: {key} renamed")
        return with_pods_anew(pipeline, fault, app).proved(shows(pipeline, app, NO_SETTINGS))

    return build


def certificate(make: Made, summary: str, *apps: str) -> Breakage:
    """The Secret gets another certificate, and the apps are started with it."""

    def build(pipeline: SteadyPipeline) -> Fault:
        fault = faults.secret_value(pipeline.api, names.TLS_SECRET, pipeline.namespace, make())
        return replace(with_pods_anew(pipeline, fault, *apps) if apps else fault, summary=summary)

    return build


def renewed() -> Mapping[str, bytes]:
    """A good certificate of another authority, as a renewal makes it."""
    return new_certificate()


def expires_tomorrow() -> Mapping[str, bytes]:
    """A certificate for one more day."""
    return new_certificate(valid_for=datetime.timedelta(days=1))


def expired() -> Mapping[str, bytes]:
    """A certificate that was good until an hour ago."""
    now = datetime.datetime.now(datetime.UTC)
    return new_certificate(now=now - OLD, valid_for=OLD - datetime.timedelta(hours=1))


def of_other_names() -> Mapping[str, bytes]:
    """A certificate for the names of another service."""
    return new_certificate(server_names=[name.replace(roles.INFLUXDB, "metrics-store") for name in SERVER_NAMES])


def autoscaler_missing(hpa: str) -> Breakage:
    """An autoscaler is gone."""
    return lambda pipeline: objects.deleted(pipeline.api, "horizontalpodautoscalers", hpa, pipeline.namespace)


def autoscaler_bounds(hpa: str, most: int) -> Breakage:
    """An autoscaler may make fewer pods, or more."""
    return _autoscaler(hpa, {"maxReplicas": most}, f"may make {most} pods")


def autoscaler_target(hpa: str, workload: str) -> Breakage:
    """An autoscaler scales something that does not exist."""
    target = {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": workload}}
    return _autoscaler(hpa, target, f"scales {workload}")


def _autoscaler(hpa: str, spec: Mapping[str, object], summary: str) -> Breakage:
    def build(pipeline: SteadyPipeline) -> Fault:
        path = object_path("horizontalpodautoscalers", hpa, pipeline.namespace)
        return faults.patched(pipeline.api, path, {"spec": dict(spec)}, f"{hpa} {summary}")

    return build


def metrics_unknown(pipeline: SteadyPipeline) -> Fault:
    """Nobody measures the pods' usage."""
    fault = faults.scaled(pipeline.api, "deployments", "metrics-server", "kube-system", 0)

    def answers() -> bool:
        return bool(pipeline.api.call("GET", "/apis/metrics.k8s.io/v1beta1/nodes")["items"])

    return fault.proved(gone=Proof("the metrics API to answer", answers, within=90.0))
