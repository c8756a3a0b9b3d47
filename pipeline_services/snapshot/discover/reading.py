"""The thin part: looks at a namespace that nobody has described, first at its objects, then at its services."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipeline_services.clients.http import HttpApi
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.port_forward import PortForward, ready_endpoint
from pipeline_services.clients.prometheus import PrometheusApi
from pipeline_services.model import roles
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.collector import collect
from pipeline_services.snapshot.discover.contents import SERIES_SOURCE
from pipeline_services.snapshot.discover.profile import discovered
from pipeline_services.snapshot.snapshot import Failure, Snapshot


def look(cluster: Cluster) -> Snapshot:
    """What can be read of the cluster's namespace, with the services that its own objects name.

    Raises:
        ServiceUnreachable: the API server does not answer.
        PreconditionNotMet: it has no such namespace, or the account may read nothing in it.
    """
    objects = collect(cluster, pipeline=blank(cluster.namespace))
    draft = Pipeline.from_document(discovered(objects).facts.document())
    snapshot = collect(cluster, pipeline=draft)
    if roles.PROMETHEUS not in draft.components:
        return snapshot
    try:
        names = _series_names(cluster, snapshot, draft)
    except PipelineError as error:
        return replace(snapshot, failures={**snapshot.failures, SERIES_SOURCE: Failure.of(error)})
    return replace(snapshot, answers={**snapshot.answers, SERIES_SOURCE: names})


def blank(namespace: str) -> Pipeline:
    """A description of what every cluster has, so that all lists are read and no service is asked."""
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
            "topics": {"readings": "", "partitions": 1, "dead_letters": "", "group": ""},
            "store": {"org": "", "bucket": "", "measurement": ""},
            "config": {
                "config_map": "",
                "settings": {},
                "secrets": {},
                "write_token": {"secret": "", "key": ""},
                "read_token": {"secret": "", "key": ""},
                "tls": "",
                "admin": "",
            },
            "metrics": {},
            "dashboard": {"title": "", "uid": "", "admin": "", "panels": {}, "datasources": {}},
        }
    )


def _series_names(cluster: Cluster, snapshot: Snapshot, draft: Pipeline) -> list[str]:
    """The names of the series that Prometheus has of producer and processor."""
    prometheus = draft[roles.PROMETHEUS]
    slices = snapshot.data("endpointslices")
    endpoint = ready_endpoint(draft.service(roles.PROMETHEUS), prometheus.label_selector, slices, cluster.namespace)
    wanted = [f"$of_{role}" for role in (roles.PRODUCER, roles.PROCESSOR) if role in draft.components]
    with PortForward(cluster, endpoint) as forward:
        http = HttpApi(forward.endpoint.service, forward.port, cause=lambda: forward.failure)
        try:
            api = PrometheusApi(http, cluster.namespace, draft.query_words)
            rows = [row for one in wanted for row in api.query(f"count by (__name__) ({{$selector, {one}}})")]
        finally:
            http.close()
    return sorted({str(row["metric"]["__name__"]) for row in rows})
