"""Faults of configuration: wrong or missing keys of the ConfigMap and of Secrets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chaos.fault_builders.common import (
    CRASHED,
    all_pods_ready,
    fault_builder,
    own_store,
    pod_shows,
    pods_replaced,
    with_new_pods,
    workload_path,
    writes_fail,
)
from pipeline_services import faults
from pipeline_services.clients.influxdb_api import InfluxApi
from pipeline_services.faults import objects, stores
from pipeline_services.faults.model import Fault, object_path, together
from pipeline_services.model import roles
from pipeline_services.model.commands import fill
from pipeline_services.model.errors import NoData, NotApplicable
from pipeline_services.model.k8s import references_of, secret_text, secret_value, template_of

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

NO_SETTINGS: Final = frozenset({"CreateContainerConfigError"})


@fault_builder
def changed(pipeline: SteadyPipeline, /, **values: str | None) -> Fault:
    """Every ConfigMap that has these keys gets other values, and no pod has been started with them yet.

    Args:
        values: with placeholders for the pipeline's names, as ``commands.fill`` takes them; None: the key goes.
    """
    config = pipeline.description.config
    made = []
    for config_map in config.by_config_map:
        own = {key: value for key, value in values.items() if key in config.keys_of(config_map)}
        known = {key: value and fill(value, pipeline.description) for key, value in own.items()}
        if known:
            keys = ", ".join(f"{key}={value}" for key, value in known.items())
            path = object_path("configmaps", config_map, pipeline.namespace)
            made.append(faults.patched(pipeline.api, path, {"data": known}, f"ConfigMap {config_map}: {keys}"))
    if not made:
        raise NotApplicable(f"no ConfigMap of {pipeline.description.name} has {', '.join(values)}")
    return made[0] if len(made) == 1 else together("; ".join(fault.summary for fault in made), made)


@fault_builder
def changed_and_loaded(pipeline: SteadyPipeline, /, app: str, statuses: frozenset[str], **values: str | None) -> Fault:
    """As ``changed``, and all pods of the app are started with the new values."""
    fault = with_new_pods(pipeline, changed(**values)(pipeline), app)
    return fault.proved(pod_shows(pipeline, app, statuses))


@fault_builder
def loaded_and_put_back(pipeline: SteadyPipeline, /, app: str, reason: str, **values: str | None) -> Fault:
    """The app's pods were started with other values, which are put right in the ConfigMap as soon as writes fail for
    that reason; nobody starts the pods again."""
    wrong = changed(**values)(pipeline)
    fault = with_new_pods(pipeline, wrong, app)
    return replace(fault, follow_up=[*fault.follow_up, *wrong.undo]).proved(writes_fail(pipeline, reason))


@fault_builder
def config_map_missing(pipeline: SteadyPipeline, app: str) -> Fault:
    """The ConfigMap that the app reads its settings from is gone, and the app's pods are new."""
    template = template_of(pipeline.api.call("GET", workload_path(pipeline, app)))
    read = {one.name for one in references_of(template) if one.kind == "ConfigMap"}
    config_map = next((name for name in pipeline.description.config.by_config_map if name in read), "")
    if not config_map:
        raise NotApplicable(f"{app} of {pipeline.description.name} reads no ConfigMap that is described")
    fault = objects.deleted(pipeline.api, "configmaps", config_map, pipeline.namespace)
    return with_new_pods(pipeline, fault, app).proved(pod_shows(pipeline, app, NO_SETTINGS))


def read_token_missing(pipeline: SteadyPipeline) -> Fault:
    """The Secret with the token to read is gone; pods that have its value run on."""
    secret = pipeline.description.config.read_token.secret
    return objects.deleted(pipeline.api, "secrets", secret, pipeline.namespace)


def read_token_with_line_end(pipeline: SteadyPipeline) -> Fault:
    """The token to read ends with a line's end, as ``echo`` writes it; no pod has been started with it yet."""
    held = pipeline.description.config.read_token
    stored = pipeline.api.call("GET", object_path("secrets", held.secret, pipeline.namespace))
    value = secret_value([stored], held.secret, held.key)
    fault = faults.secret_value(pipeline.api, held.secret, pipeline.namespace, {held.key: value + b"\n"})
    return replace(fault, summary=f"{held.key} of secret {held.secret} ends with a line's end")


@fault_builder
def write_token_renamed(pipeline: SteadyPipeline, other: str) -> Fault:
    """The key with the token to write has another name, and the processor's pods are new."""
    token, app = pipeline.description.config.write_token, roles.PROCESSOR
    path = object_path("secrets", token.secret, pipeline.namespace)
    value = pipeline.api.call("GET", path)["data"][token.key]
    patch = {"data": {token.key: None, other: value}}
    fault = faults.patched(pipeline.api, path, patch, f"secret {token.secret}: {token.key} renamed")
    return with_new_pods(pipeline, fault, app).proved(pod_shows(pipeline, app, NO_SETTINGS))


@fault_builder
def wrong_setting(pipeline: SteadyPipeline, /, app: str, **values: str) -> Fault:
    """New pods of the app read wrong settings and crash."""
    fault = changed(**values)(pipeline)
    return pods_replaced(pipeline, fault, app).proved(pod_shows(pipeline, app, CRASHED))


def token_may_only_read(pipeline: SteadyPipeline) -> Fault:
    """New pods of the processor have a token that InfluxDB accepts, for reading."""
    keys, secrets = pipeline.description.config, pipeline.cluster.list("secrets")
    if keys.read_token == keys.write_token:
        raise NotApplicable(f"{pipeline.description.name} has one token for reading and for writing")
    reads = secret_text(secrets, keys.read_token).encode()
    held = keys.write_token
    fault = faults.secret_value(pipeline.api, held.secret, pipeline.namespace, {held.key: reads})
    return with_new_pods(pipeline, fault, roles.PROCESSOR)


def token_rotated(pipeline: SteadyPipeline) -> Fault:
    """The Secret has another good token, InfluxDB forbids what the old one did, and no pod is restarted."""
    keys, secrets = pipeline.description.config, pipeline.cluster.list("secrets")
    held = keys.write_token
    if held.secret == keys.admin:
        raise NotApplicable(
            f"the apps of {pipeline.description.name} have the administrator's token, and there is no other"
        )
    old, server = secret_text(secrets, held), own_store(pipeline)
    known = InfluxApi(pipeline.probes.influx, server.token).listed("authorizations")
    ids = [str(one["id"]) for one in known if one["token"] == old]
    if not ids:
        raise NoData(f"InfluxDB does not know the token in {held.secret}")
    replaced = faults.secret_value(pipeline.api, held.secret, pipeline.namespace, {held.key: server.token.encode()})
    refused = stores.token_refused(server, ids[0])
    both = together(f"{held.key} of {held.secret} rotated, no pod restarted", [replaced, refused])
    return both.proved(writes_fail(pipeline, "forbidden"), all_pods_ready(pipeline, roles.PROCESSOR))


def wrong_token(pipeline: SteadyPipeline) -> Fault:
    """New pods of the processor have a token that InfluxDB refuses."""
    token = pipeline.description.config.write_token
    wrong = {token.key: b"no-token-that-influxdb-knows"}
    fault = faults.secret_value(pipeline.api, token.secret, pipeline.namespace, wrong)
    return pods_replaced(pipeline, fault, roles.PROCESSOR).proved(writes_fail(pipeline, "unauthorized"))
