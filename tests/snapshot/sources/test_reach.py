"""Ways lead to where a role is played: a pod of the namespace, one of another namespace, or out of the cluster."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from pipeline_services.clients.port_forward import Endpoint
from pipeline_services.model import roles
from pipeline_services.model.errors import AccessDenied, NoData
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.sources import reach as module
from pipeline_services.snapshot.sources.reach import Reach
from tests.judgements.foreign_roles import ADDRESS, PLAIN, foreign_kafka, shared


def slice_of(service: str, pod: str, port: int) -> dict[str, Any]:
    return {
        "metadata": {"name": service, "labels": {"kubernetes.io/service-name": service}},
        "ports": [{"port": port}],
        "endpoints": [{"targetRef": {"kind": "Pod", "name": pod}, "conditions": {"ready": True}}],
    }


class Cluster:
    """Lists the EndpointSlices of another namespace, if it may."""

    namespace = PLAIN.namespace

    def __init__(self, *, allowed: bool = True) -> None:
        self.allowed = allowed

    def list(self, kind: str, *, namespace: str) -> list[dict[str, Any]]:
        if not self.allowed:
            raise AccessDenied("list", f"{kind} in {namespace}")
        assert (kind, namespace) == ("endpointslices", "monitoring")
        return [slice_of("prometheus-service", "prometheus-9", 9090)]


def reaching(pipeline: Pipeline, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> tuple[Reach, list[Endpoint]]:
    opened: list[Endpoint] = []

    class Forward:
        port = 4711

        def __init__(self, _cluster: object, endpoint: Endpoint) -> None:
            opened.append(endpoint)

        def __enter__(self) -> Forward:
            return self

        def close(self) -> None:
            """Nothing is open."""

    monkeypatch.setattr(module, "PortForward", Forward)
    lists: dict[str, Future[Any]] = {"endpointslices": Future(), "secrets": Future()}
    lists["endpointslices"].set_result([slice_of("kafka-service", "kafka-0", 9092)])
    lists["secrets"].set_result([])
    return Reach(cluster, lists, pipeline), opened  # type: ignore[arg-type]


def test_a_shared_service_is_reached_in_its_own_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    reach, opened = reaching(Pipeline.from_document(shared(roles.PROMETHEUS)), Cluster(), monkeypatch)
    reach.forward("prometheus")
    assert opened == [Endpoint("prometheus-service", "prometheus-9", 9090, "monitoring")]
    assert reach.kafka() == 4711
    assert opened[1] == Endpoint("kafka-service", "kafka-0", 9092)


def test_who_may_not_look_there_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    reach, _ = reaching(Pipeline.from_document(shared(roles.PROMETHEUS)), Cluster(allowed=False), monkeypatch)
    with pytest.raises(AccessDenied, match="endpointslices in monitoring"):
        reach.forward("prometheus")


def test_a_foreign_kafka_is_reached_at_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    document = foreign_kafka()
    reach, opened = reaching(Pipeline.from_document(document), Cluster(), monkeypatch)
    with pytest.raises(NoData, match="there is no secret kafka-client"):
        reach.kafka()
    del document["components"]["kafka"]["security"]
    reach, opened = reaching(Pipeline.from_document(document), Cluster(), monkeypatch)
    assert reach.kafka() == {"bootstrap_servers": [ADDRESS]}
    assert opened == []
