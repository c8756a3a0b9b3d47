"""Reads what ``leftovers`` compares: the objects of Kubernetes, and what Kafka and InfluxDB were told to be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from pipeline_services.clients.influxdb_api import InfluxApi
from pipeline_services.clients.kafka_broker import KafkaBroker
from pipeline_services.experiment.leftovers import LISTS, Inventory, inventory
from pipeline_services.model.errors import AccessDenied, NoData
from pipeline_services.model.k8s import secret_text
from pipeline_services.snapshot.sources.cluster_parts import Listing

if TYPE_CHECKING:
    from pipeline_services.clients.kubernetes import Cluster
    from pipeline_services.measure.probes import Probes
    from pipeline_services.model.pipeline import Pipeline

_AT_ONCE: Final = 8
"""Lists that are asked for at the same time."""
_IN_INFLUXDB: Final[Mapping[str, tuple[str, ...]]] = {
    "buckets": ("name", "retentionRules", "schemaType"),
    "orgs": ("id",),
    "tasks": ("name", "flux", "status"),
    "authorizations": ("description", "status", "permissions"),
}
"""What InfluxDB lists, and what of each is compared: of a token all but itself."""


def everything(cluster: Cluster, probes: Probes) -> tuple[Inventory, list[str]]:
    """The inventory of a pipeline, and the lists that the account may not see.

    Raises:
        PipelineError: the API server, Kafka or InfluxDB does not answer.
    """
    objects, unseen = objects_of(cluster, probes.pipeline)
    return {**objects, **_kafka(probes), **_influxdb(cluster, probes)}, unseen


def objects_of(cluster: Cluster, pipeline: Pipeline) -> tuple[Inventory, list[str]]:
    """The same of Kubernetes alone. What an account may not list, it has no business changing either."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="inventory") as pool:
        found = dict(zip(LISTS, pool.map(lambda one: _listed(cluster, one), LISTS.values()), strict=True))
    seen = {source: items for source, items in found.items() if items is not None}
    return inventory(seen, pipeline), sorted(LISTS.keys() - seen.keys())


def _listed(cluster: Cluster, wanted: Listing) -> list[dict[str, Any]] | None:
    """None where the account may not; an API server that does not know the kind has none of it."""
    try:
        return cluster.list(wanted.kind, namespace=wanted.namespace)
    except AccessDenied:
        return None
    except NoData:
        return []


def _kafka(probes: Probes) -> Inventory:
    """Topics with the settings of their own, limits on clients, and what was set beside the brokers' files."""
    with KafkaBroker(probes.kafka_forward.port) as broker:
        topics = broker.topics()
        settings = broker.settings(topics)
        quotas, at_run_time = broker.quotas(), broker.set_at_run_time()
    own = {topic: {key: one["value"] for key, one in found.items() if one["own"]} for topic, found in settings.items()}
    return {
        **{
            f"kafka topics/{topic}": _texts({"partitions": len(parts), **own.get(topic, {})})
            for topic, parts in topics.items()
        },
        **{f"kafka clients/{json.dumps(one['for'], sort_keys=True)}": _texts(one["limits"]) for one in quotas},
        **{f"kafka brokers/{one['broker'] or 'all'} {one['key']}": _texts(one) for one in at_run_time},
    }


def _influxdb(cluster: Cluster, probes: Probes) -> Inventory:
    """Organisations, buckets, tasks and tokens, where the profile names the Secret of who may list them."""
    config = probes.pipeline.config
    if not config.admin:
        return {}
    api = InfluxApi(probes.influx, secret_text(cluster.list("secrets"), config.admin_token))
    return {
        f"influxdb {what}/{one.get('name') or one['id']}": _texts({key: one.get(key) for key in kept})
        for what, kept in _IN_INFLUXDB.items()
        for one in api.listed(what)
    }


def _texts(fields: Mapping[str, Any]) -> dict[str, str]:
    return {key: json.dumps(value, sort_keys=True) for key, value in fields.items()}
