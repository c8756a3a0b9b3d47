"""Rollouts, replacements and restarts that go well are no fault in any moment of theirs; what does not end is one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline_services.model import roles
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.faults import grafana_datasource_broken, ready_since, second_pod, warning
from tests.judgements.known_bad.kafka import group, lag
from tests.judgements.test_faults_of_acceptance import outcomes
from tests.judgements.world import World, healthy


def just_changed(world: World, component: str) -> None:
    """Its controller has not seen the newest spec yet."""
    world.workload(component)["metadata"]["generation"] = 2


def ends_well(world: World, component: str) -> None:
    """Its only pod has stopped and is about to be removed."""
    [pod] = world.pods(component)
    pod["metadata"]["deletionTimestamp"] = world.ago(-10)
    pod["status"]["phase"] = "Succeeded"
    nothing_serves(world, component)


def has_gone(world: World, component: str, *, ago: float = 8.0) -> None:
    """Its only pod has gone, and the next one is not made yet."""
    [pod] = world.pods(component)
    said(world, "Pod", pod["metadata"]["name"], "Killing", ago=ago)
    world.drop_pods(component)
    nothing_serves(world, component)


def container_restarts(world: World, component: str) -> None:
    """The container of its only pod, which is old, was started again a moment ago."""
    [pod] = world.pods(component)
    pod["status"]["conditions"][1] |= {"status": "False", "lastTransitionTime": world.ago(6)}
    pod["status"]["containerStatuses"][0] |= {"ready": False, "state": {"running": {"startedAt": world.ago(5)}}}
    nothing_serves(world, component)


def said(world: World, kind: str, name: str, reason: str, *, ago: float) -> None:
    """A Normal event."""
    warning(world, kind, name, reason, "", ago=ago)
    world.answers["events"][-1]["type"] = "Normal"


def nothing_serves(world: World, component: str) -> None:
    status = world.workload(component)["status"]
    status |= dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas", "numberAvailable"), 0)
    service = world.pipeline[component].service
    for one in world.answers["endpointslices"] if service else ():
        if service and one["metadata"]["name"].startswith(service.name):
            one["endpoints"] = []


@pytest.mark.parametrize("change", [just_changed, ends_well, has_gone, container_restarts])
@pytest.mark.parametrize("component", [roles.LOKI, roles.LOG_SHIPPER, roles.KAFKA, roles.PRODUCER])
def test_a_moment_of_a_rollout_is_not_known_yet(change: Callable[[World, str], None], component: str) -> None:
    world = healthy()
    change(world, component)
    red, inconclusive = outcomes(world)
    assert red == []
    assert f"test_rollout_complete[{world.pipeline[component].reports_to}]" in inconclusive
    assert [one.cause.id for one in diagnose(world.snapshot()).findings if not one.self_healing] == []


def test_a_pod_that_does_not_come_back_is_an_alarm() -> None:
    world = healthy()
    has_gone(world, roles.KAFKA, ago=61)
    red = ["test_pods_ready[kafka]", "test_rollout_complete[kafka]", "test_service_has_endpoint[kafka-service]"]
    assert [case for case in outcomes(world)[0] if case in red] == red
    world = healthy()
    has_gone(world, roles.KAFKA)
    warning(world, "StatefulSet", "kafka", "FailedCreate", "forbidden: exceeded quota: few", ago=3)
    assert [case for case in outcomes(world)[0] if case in red] == red


def processor_waits(world: World) -> None:
    """As it does, without being ready, while InfluxDB is away; one write in four seconds fails."""
    [pod] = world.pods(roles.PROCESSOR)
    pod["status"]["conditions"][1] |= {"status": "False", "lastTransitionTime": world.ago(20)}
    pod["status"]["containerStatuses"][0]["ready"] = False
    nothing_serves(world, roles.PROCESSOR)
    warning(world, "Pod", pod["metadata"]["name"], "Unhealthy", "Readiness probe failed: statuscode: 503")


def outage_shows(world: World, *, made_ago: float) -> None:
    """What the processor has logged, and the figures of the last minutes, after a minute without Kafka or InfluxDB."""
    line = '{"level": "ERROR", "logger": "kafka.conn", "message": "Connect attempt returned error 111"}'
    world.answers["logs/processor"][0]["lines"].append(f"{world.ago(made_ago)} {line}")
    shown = {"write-failures": "0.2", "end-to-end-latency": "45", "processor-matches-producer": "0.5"}
    for metric, value in shown.items():
        world.answers[f"prometheus/{metric}"][0]["value"] = [world.now, value]
    lag((10_000, 12_000), (10_000, 12_040))(world, "")


OUTAGE = [
    "test_no_unknown_errors_logged[processor]",
    *(f"test_key_metric[{one}]" for one in ("processor-matches-producer", "end-to-end-latency", "write-failures")),
]


@pytest.mark.parametrize("server", [roles.KAFKA, roles.INFLUXDB])
def test_clients_are_not_blamed_while_their_server_is_replaced(server: str) -> None:
    world = healthy()
    has_gone(world, server)
    processor_waits(world)
    outage_shows(world, made_ago=2)
    red, inconclusive = outcomes(world)
    assert red == []
    assert "test_pods_ready[processor]" in inconclusive
    assert [one.cause.id for one in diagnose(world.snapshot()).findings] == ["pod-replaced"]
    has_gone(world := healthy(), server, ago=90)
    processor_waits(world)
    assert {"test_pods_ready[processor]", f"test_pods_ready[{server}]"} <= set(outcomes(world)[0])


def test_what_still_shows_of_an_outage_is_no_failure() -> None:
    world = healthy()
    ready_since(world, roles.KAFKA, 10)
    outage_shows(world, made_ago=12)
    group(state="Empty", members=[])(world)
    red, inconclusive = outcomes(world)
    assert red == []
    assert {*OUTAGE, "test_consumer_group_stable"} <= set(inconclusive)
    assert all(one.self_healing for one in diagnose(world.snapshot()).findings)


def test_what_goes_on_after_the_outage_is_a_failure() -> None:
    world = healthy()
    ready_since(world, roles.KAFKA, 100)
    outage_shows(world, made_ago=12)
    group(state="Empty", members=[])(world)
    assert {*OUTAGE, "test_consumer_group_stable"} - {"test_key_metric[processor-matches-producer]"} <= set(
        outcomes(world)[0]
    )


def test_nothing_is_excused_where_no_reading_is_stored_since() -> None:
    world = healthy()
    ready_since(world, roles.INFLUXDB, 40)
    outage_shows(world, made_ago=60)
    assert "test_key_metric[write-failures]" in outcomes(world)[1]
    world.answers["influxdb_newest"]["time"] = world.now - 50
    assert "test_key_metric[write-failures]" in outcomes(world)[0]


@pytest.mark.parametrize(("ago", "is_red"), [(4, False), (20, True)])
@pytest.mark.parametrize("component", [roles.GRAFANA, roles.LOKI, roles.PROMETHEUS, roles.KAFKA, roles.INFLUXDB])
def test_a_pod_that_has_just_become_ready_is_among_the_endpoints_soon(component: str, ago: float, is_red: bool) -> None:
    world = healthy()
    ready_since(world, component, ago)
    service = world.pipeline.service(component).name
    world.item("endpointslices", f"{service}-abc12")["endpoints"] = []
    if component == roles.LOKI:
        grafana_datasource_broken(world)
    red = outcomes(world)[0]
    assert (f"test_service_has_endpoint[{service}]" in red) is is_red
    assert bool(red) is is_red


@pytest.mark.parametrize(("ago", "is_red"), [(10, False), (60, True)])
@pytest.mark.parametrize("component", [roles.LOKI, roles.LOG_SHIPPER])
def test_lines_take_a_while_after_loki_or_its_shipper_is_back(component: str, ago: float, is_red: bool) -> None:
    world = healthy()
    ready_since(world, component, ago)
    world.answers |= {"loki/all": [], "loki/pods": {}}
    red, inconclusive = outcomes(world)
    assert [case for case in ("test_loki_finds_all_logs", "test_loki_has_logs_of[kafka]") if case in red] == (
        ["test_loki_finds_all_logs", "test_loki_has_logs_of[kafka]"] if is_red else []
    )
    assert is_red or {"test_loki_finds_all_logs", "test_loki_has_logs_of[kafka]"} <= set(inconclusive)


def test_a_shipper_of_another_node_is_no_reason() -> None:
    world = healthy()
    other = second_pod(world, roles.LOG_SHIPPER, age=5)
    other["spec"]["nodeName"] = "other"
    world.answers["loki/pods"] = {}
    assert "test_loki_has_logs_of[kafka]" in outcomes(world)[0]
