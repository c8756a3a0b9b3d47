"""Where every way to a pod fails alike, nothing is known of what it leads to, and nothing is to be changed."""

from __future__ import annotations

import pytest

from pipeline_services.model import roles
from pipeline_services.model.commands import changes
from pipeline_services.model.errors import PipelineError, ServiceUnreachable, UnexpectedAnswer
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.world import World, healthy

WAYS = {
    roles.KAFKA: ("kafka_topics", "kafka_group", "kafka_lag"),
    roles.INFLUXDB: ("influxdb_health", "influxdb_newest"),
    roles.PROMETHEUS: ("prometheus_targets",),
    roles.LOKI: ("loki_ready",),
    roles.GRAFANA: ("grafana_health",),
}
REFUSED = UnexpectedAnswer(
    "the API server does not get pods/portforward (500 error dialing backend: No agent available)"
)
AWAY = ServiceUnreachable("the API server answers, but not what it asks (502 error dialing backend: dial tcp 10.0.0.2)")


def cut_off(world: World, *components: str, error: PipelineError = REFUSED) -> World:
    for component in components:
        for source in WAYS[component]:
            world.fail(source, error)
    return world


@pytest.mark.parametrize("error", [REFUSED, AWAY])
def test_an_api_server_that_reaches_no_kubelet_is_named_and_no_pod_is_deleted(error: PipelineError) -> None:
    found = diagnose(cut_off(healthy(), *WAYS, error=error).snapshot())
    assert [f"{one.component}: {one.cause.id}" for one in found.findings] == ["node: node-silent"]
    (told,) = found.findings
    assert "reaches no kubelet" in told.summary
    assert not any(map(changes, told.next))
    assert not found.red
    assert found.unanswered == ()


def test_a_service_that_alone_fails_by_its_way_is_the_services_own_matter() -> None:
    found = diagnose(cut_off(healthy(), roles.KAFKA).snapshot())
    assert [one.cause.id for one in found.findings] == ["broker-unresponsive"]


def test_the_one_node_that_is_not_reached_is_named() -> None:
    world = healthy()
    for component in (roles.LOKI, roles.GRAFANA):
        for pod in world.pods(component):
            pod["spec"]["nodeName"] = "far"
    found = diagnose(cut_off(world, roles.LOKI, roles.GRAFANA).snapshot())
    assert "node/far" in {one.subject for one in found.findings if one.cause.id == "node-silent"}


def test_a_pod_that_its_kubelet_says_is_not_ready_is_told_beside_it() -> None:
    world = healthy()
    (pod,) = world.pods(roles.PRODUCER)
    pod["status"]["conditions"][1] |= {"status": "False", "lastTransitionTime": world.ago(900)}
    found = diagnose(cut_off(world, *WAYS).snapshot())
    assert [one.component for one in found.findings] == ["node", roles.PRODUCER]


def test_the_metrics_that_come_by_the_same_way_are_no_cause_of_their_own() -> None:
    world = cut_off(healthy(), *WAYS)
    world.fail("pod_metrics", ServiceUnreachable("error trying to reach service: No agent available"))
    assert [one.cause.id for one in diagnose(world.snapshot()).findings] == ["node-silent"]
