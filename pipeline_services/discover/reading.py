"""The thin part: looks at a namespace that nobody has described, first at its objects, then at its services."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any, Final

from pipeline_services.clients.http import HttpApi
from pipeline_services.clients.kafka_access import foreign_link
from pipeline_services.clients.kafka_broker import Link
from pipeline_services.clients.kafka_records import offsets_since, read_records
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.port_forward import PortForward, ready_endpoint
from pipeline_services.clients.prometheus import PrometheusApi
from pipeline_services.discover.contents import SERIES_SOURCE
from pipeline_services.discover.messages import MESSAGES_SOURCE, fields_of
from pipeline_services.discover.profile import discovered
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, PipelineError
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.collector import collect
from pipeline_services.snapshot.snapshot import Failure, Snapshot

_NEWEST: Final = 10
"""So many messages of each partition are looked at."""
_AHEAD_S: Final = 3_600.0
"""No message is from after that: the end of the topic is meant."""
_NOTHING: Final = {"secret": "", "key": ""}


def look(cluster: Cluster) -> Snapshot:
    """What can be read of the cluster's namespace, with the services that its own objects name.

    Raises:
        ServiceUnreachable: the API server does not answer.
        PreconditionNotMet: it has no such namespace, or the account may read nothing in it.
    """
    objects = collect(cluster, pipeline=blank(cluster.namespace))
    draft = Pipeline.from_document(discovered(objects).facts.document())
    seen = collect(cluster, pipeline=draft)
    reads: dict[str, tuple[str, Callable[[], Any]]] = {
        SERIES_SOURCE: (roles.PROMETHEUS, partial(_series_names, cluster, seen, draft)),
        MESSAGES_SOURCE: (roles.KAFKA, partial(_newest_messages, cluster, seen, draft)),
    }
    for source, (component, read) in reads.items():
        if component in draft.components:
            try:
                answer = read()
            except PipelineError as error:
                seen = replace(seen, failures={**seen.failures, source: Failure.of(error)})
            else:
                seen = replace(seen, answers={**seen.answers, source: answer})
    return seen


def blank(namespace: str) -> Pipeline:
    """A profile of what every cluster has, so that all lists are read and no service is asked."""
    own = Pipeline.load()
    document: dict[str, Any] = own.document()
    known = {name for name, part in own.components.items() if not part.workload}
    return Pipeline.from_document(
        {
            "name": namespace,
            "namespace": namespace,
            "components": {name: {**document["components"][name], "affects": []} for name in known},
            "cluster": document["cluster"],
            "flows": [],
            "topics": {"readings": "", "partitions": 1, "group": ""},
            "store": {"org": "", "bucket": "", "measurement": ""},
            "config": {"secrets": {}, "write_token": _NOTHING, "read_token": _NOTHING},
        }
    )


def _way(cluster: Cluster, seen: Snapshot, draft: Pipeline, component: str) -> PortForward:
    """A way to a ready pod of the component."""
    part = draft[component]
    slices = cluster.list("endpointslices", namespace=part.namespace) if part.namespace else seen.data("endpointslices")
    space = part.namespace or cluster.namespace
    endpoint = ready_endpoint(draft.service(component), part.label_selector, slices, space)
    return PortForward(cluster, replace(endpoint, namespace=part.namespace))


def _series_names(cluster: Cluster, seen: Snapshot, draft: Pipeline) -> list[str]:
    """The names of the series that Prometheus has of producer and processor."""
    wanted = [f"$of_{role}" for role in (roles.PRODUCER, roles.PROCESSOR) if role in draft.components]
    with (
        _way(cluster, seen, draft, roles.PROMETHEUS) as forward,
        closing(HttpApi(forward.endpoint.service, forward.port, cause=lambda: forward.failure)) as http,
    ):
        api = PrometheusApi(http, cluster.namespace, draft.query_words)
        rows = [row for one in wanted for row in api.query(f"count by (__name__) ({{$selector, {one}}})")]
    return sorted({str(row["metric"]["__name__"]) for row in rows})


def _newest_messages(cluster: Cluster, seen: Snapshot, draft: Pipeline) -> dict[str, Any]:
    """As ``_message_fields``, of the Kafka that the draft names."""
    kafka = draft[roles.KAFKA]
    if kafka.address:
        return _message_fields(foreign_link(kafka, cluster.list("secrets")), seen, draft)
    with _way(cluster, seen, draft, roles.KAFKA) as forward:
        return _message_fields(forward.port, seen, draft)


def _message_fields(where: Link, seen: Snapshot, draft: Pipeline) -> dict[str, Any]:
    """What the newest messages of the topic are told apart by; of their values nothing is kept."""
    topic = draft.topics.readings
    partitions = [int(one["partition"]) for one in seen.data("kafka_topics").get(topic, ())]
    if not partitions:
        raise NoData(f"Kafka has no topic {topic}")
    first, end = offsets_since(where, topic, partitions, seen.taken_at + _AHEAD_S)
    start = {number: max(first[number], end[number] - _NEWEST) for number in partitions}
    raw: list[bytes] = []
    read_records(where, topic, start, end, lambda record: raw.append(bytes(record.value or b"")))
    if not raw:
        raise NoData(f"the topic {topic} holds no message")
    return fields_of(raw)
