"""A whole pipeline of small local servers behind one fake API server."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.model import roles
from pipeline_services.model.kinds import KINDS, kind_of
from pipeline_services.model.own_cluster import SYSTEM_NAMESPACE as SYSTEM
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Target
from pipeline_services.snapshot.sources.cluster_parts import SYSTEM_LISTS
from pipeline_services.snapshot.sources.deep import DEEP_LISTS
from pipeline_services.snapshot.sources.reach import Moment
from pipeline_services.snapshot.sources.services import SERVICES
from tests.clients.certificate_maker import Issued, issue, with_tls
from tests.clients.fake_servers import FakeServer, Routes, kubeconfig, serving

OWN = Pipeline.load()
NS = OWN.namespace
CANARY = "c4n4ry-8FzQ2vLk9pWx7Rt1"
CA = issue("the CA")
NAMESPACE = {"name": NS, "uid": "uid-of-the-namespace", "creationTimestamp": "2025-01-01T00:00:00Z"}
PODS = f"/api/v1/namespaces/{NS}/pods"


@dataclass(frozen=True)
class FakePipeline:
    """The servers, and a client of the API server."""

    api: FakeServer
    prometheus: FakeServer
    loki: FakeServer
    grafana: FakeServer
    influxdb: FakeServer
    cluster: Cluster

    def serve(self, kind: str, *items: dict[str, Any], namespace: str = NS) -> None:
        """Let the API server list these."""
        self.api.routes[kind_of(kind).path(namespace)] = (200, {"items": list(items)})

    def forbid(self, kind: str, *, namespace: str = NS) -> None:
        """Let the API server refuse to list them."""
        self.api.routes[kind_of(kind).path(namespace)] = (403, {})


def pod(component: str) -> dict[str, Any]:
    """A pod of a component, called like a StatefulSet's."""
    metadata: dict[str, Any] = {"name": f"{component}-0", "labels": {"app": component}, "annotations": {"note": "x"}}
    metadata["creationTimestamp"] = "2026-01-01T00:00:00Z"
    return {"metadata": metadata, "spec": {"containers": [{"name": component}]}}


def secret(name: str, **values: bytes) -> dict[str, Any]:
    data = {key.replace("_", "."): base64.b64encode(value).decode() for key, value in values.items()}
    return {"metadata": {"name": name}, "type": "Opaque", "data": data}


def endpoint_slice(component: str, *, ready: bool = True) -> dict[str, Any]:
    """The EndpointSlice of a component's Service, with one pod."""
    service = OWN.service(component)
    return {
        "metadata": {"name": service.name, "labels": {"kubernetes.io/service-name": service.name}},
        "ports": [{"port": service.port}],
        "endpoints": [{"targetRef": {"kind": "Pod", "name": f"{component}-0"}, "conditions": {"ready": ready}}],
    }


def api_routes(tls: Issued) -> dict[str, Any]:
    """What the API server answers when all is well, Kafka apart, which has no ready pod."""
    paths = [resource.path(NS) for resource in KINDS.values()]
    paths += [kind_of(listing.kind).path(listing.namespace or NS) for listing in (SYSTEM_LISTS | DEEP_LISTS).values()]
    lists: dict[str, Any] = {path: (200, {"items": []}) for path in paths}
    components = (roles.PRODUCER, roles.PROCESSOR, roles.KAFKA, roles.INFLUXDB)
    slices = [endpoint_slice(component, ready=component != roles.KAFKA) for component in OWN.services.values()]
    write = OWN.config.write_token
    secrets = [
        secret(OWN.config.tls, tls_crt=tls.certificate, tls_key=tls.key, ca_crt=CA.certificate),
        secret(OWN.config.read_token.secret, token=b"read-token-77aa"),
        secret(OWN.config.admin, token=b"admin-token-88bb"),
        {**secret(write.secret), "data": {write.key: base64.b64encode(CANARY.encode()).decode()}},
    ]
    logs = {f"{PODS}/{component}-0/log": (200, b"2026-11-23T06:00:00Z all is well\n") for component in components}
    return {
        **lists,
        **logs,
        kind_of("configmaps").path(SYSTEM, "coredns"): (200, {"metadata": {}, "data": {"Corefile": "."}}),
        f"/api/v1/namespaces/{NS}": (200, {"kind": "Namespace", "metadata": NAMESPACE}),
        PODS: (200, {"items": [pod(component) for component in components]}),
        kind_of("endpointslices").path(NS): (200, {"items": slices}),
        kind_of("secrets").path(NS): (200, {"items": secrets}),
    }


PROMETHEUS: Routes = {
    "/api/v1/query": (200, {"status": "success", "data": {"resultType": "vector", "result": []}}),
    "/api/v1/query_range": (200, {"status": "success", "data": {"resultType": "matrix", "result": []}}),
    "/api/v1/targets": (200, {"status": "success", "data": {"activeTargets": []}}),
}
LOKI: Routes = {
    "/ready": (200, b"ready\n"),
    "/loki/api/v1/query_range": lambda query: (
        200,
        {"data": {"resultType": "matrix" if "count_over_time" in query["query"] else "streams", "result": []}},
    ),
}
GRAFANA: Routes = {
    "/api/health": (200, {"database": "ok"}),
    "/api/datasources/uid/prometheus/health": (200, {"message": "ok"}),
    "/api/datasources/uid/influxdb/health": (200, {"message": "ok"}),
    f"/api/dashboards/uid/{OWN.dashboard.uid}": (
        200,
        {
            "dashboard": {
                "panels": [{"id": n, "title": t, "targets": [{"refId": "A"}]} for n, t in OWN.dashboard.panels.items()]
            }
        },
    ),
    "/api/ds/query": (200, {"results": {"A": {"frames": []}}}),
}
INFLUXDB: Routes = {
    "/health": (200, {"status": "pass"}),
    "/api/v2/write": (400, {}),
    "/api/v2/buckets": (200, {"buckets": [{"id": "b", "orgID": "o", "retentionRules": [{"everySeconds": 7}]}]}),
    "/api/v2/tasks": (200, {"tasks": [{"id": "t", "name": "thin out", "status": "active", "flux": "..."}]}),
    "/api/v2/replications": (200, {"replications": []}),
    "/api/v2/dbrps": (200, {"content": []}),
    "/query": (200, {"results": [{"series": [{"values": [[1_763_870_400_000_000_000, 5]]}]}]}),
}


SERVERS = {roles.PROMETHEUS: PROMETHEUS, roles.LOKI: LOKI, roles.GRAFANA: GRAFANA, roles.INFLUXDB: INFLUXDB}
WITHOUT_SERVER = SERVICES.keys() - SERVERS
"""The components that no server here stands for: Kafka, and whatever speaks no HTTP."""
UNSERVED = {source for one in WITHOUT_SERVER for source in SERVICES[one].sources(Moment(0.0, NS, OWN))}


@contextmanager
def fake_pipeline(folder: Path) -> Iterator[FakePipeline]:
    """A running pipeline in which all is well, those without a server apart."""
    tls = issue(OWN.service(roles.INFLUXDB).name, by=CA)
    with ExitStack() as stack:
        api = stack.enter_context(serving(api_routes(tls)))
        servers = {component: stack.enter_context(serving(routes)) for component, routes in SERVERS.items()}
        with_tls(servers[roles.INFLUXDB], tls, folder)
        api.pods |= {(f"{name}-0", OWN.service(name).port): server.port for name, server in servers.items()}
        cluster = Cluster.connect(Target(str(kubeconfig(folder / "config", api.port)), "", NS))
        stack.callback(cluster.close)
        yield FakePipeline(api=api, cluster=cluster, **servers)
