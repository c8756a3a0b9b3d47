"""Whatever else differs from the description, a component that crashes or hangs is what triage names first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pipeline_services.model import roles
from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.faults import crash_looping, never_ready, scale_to_0, warning
from tests.judgements.known_bad.kafka import stalled
from tests.judgements.shapes import shaped
from tests.judgements.world import World

PLAIN, CA3 = Pipeline.load(Path("plain")), Pipeline.load(Path("ca3"))
SHIPPED = pytest.mark.parametrize("pipeline", [PLAIN, CA3], ids=lambda pipeline: pipeline.name)
WATCHERS = (roles.PROMETHEUS, roles.GRAFANA, roles.LOKI, roles.LOG_SHIPPER)
Change = Callable[[World], object]


def watchers_cut_off(world: World) -> None:
    """The policies let only the data path's connections through, as CA3's do: nobody scrapes, and no log arrives."""
    for policy in world.answers["networkpolicies"]:
        for side, peers in (("ingress", "from"), ("egress", "to")):
            rules = policy["spec"].get(side, [])
            policy["spec"][side] = [
                rule for rule in rules if not any(_is_watcher(world, peer) for peer in rule.get(peers, ()))
            ]
    world.drop("networkpolicies", lambda policy: policy["metadata"]["name"] in WATCHERS)
    for source in [name for name in world.answers if name.startswith("prometheus/")]:
        world.answers[source] = []
    world.answers["prometheus_targets"] = []
    world.answers |= {source: [] for source in ("loki/all", "loki/errors") if source in world.answers}


def _is_watcher(world: World, peer: Mapping[str, Mapping[str, Mapping[str, str]]]) -> bool:
    labels = peer.get("podSelector", {}).get("matchLabels")
    part = world.pipeline.component_of({"metadata": {"labels": labels}})
    return part is not None and part.id in WATCHERS


def too_loose(world: World) -> None:
    everybody = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]}
    world.answers["networkpolicies"].append({"metadata": {"name": "debug"}, "spec": everybody})


def no_autoscaler(world: World) -> None:
    world.answers["hpas"] = []


def nothing(_world: World) -> None:
    """As described."""


OTHERWISE: Mapping[str, Change] = {
    "nothing": nothing,
    "watchers cut off": watchers_cut_off,
    "policies too loose": too_loose,
    "no autoscaler": no_autoscaler,
    "prometheus scaled to 0": lambda world: scale_to_0(world, roles.PROMETHEUS),
}


def processor_cut_off(world: World) -> None:
    world.drop("networkpolicies", lambda policy: policy["metadata"]["name"] == roles.PROCESSOR)


def port_wrong(world: World) -> None:
    for config_map in ("producer-config", "processor-config"):
        world.item("configmaps", config_map)["data"]["KAFKA_BROKER"] = "kafka-service:9093"


TROUBLE_OF_CLIENTS: Mapping[str, Change] = {
    "producer scaled to 0": lambda world: scale_to_0(world, roles.PRODUCER),
    "processor scaled to 0": lambda world: scale_to_0(world, roles.PROCESSOR),
    "processor cut off": processor_cut_off,
    "broker's address wrong": port_wrong,
}


def crashing(component: str) -> Change:
    def change(world: World) -> None:
        world.answers.setdefault(f"logs/{component}", [])
        crash_looping(world, world.pods(component)[0], "cannot start")

    return change


def no_new_reading(world: World) -> None:
    world.answers["influxdb_newest"] = {"time": world.now - 134, "points_1m": 0}


def producer_hangs(world: World) -> None:
    still = {"0": {"committed": 10_000, "end": 10_000}}
    world.answers["kafka_lag"] = [{"at": world.now + wait, "partitions": still} for wait in (0.0, 2.1)]
    world.answers["prometheus/producer-rate"] = []
    no_new_reading(world)


def processor_hangs(world: World) -> None:
    stalled(world, "growing")
    no_new_reading(world)


def kafka_hangs(world: World) -> None:
    for source in ("kafka_topics", "kafka_group", "kafka_lag", "kafka_settings", "kafka_quotas"):
        world.fail(source, ServiceUnreachable("kafka does not answer"))
    no_new_reading(world)


def influxdb_hangs(world: World) -> None:
    for source in ("influxdb_health", "influxdb_newest", "influxdb_token", "influxdb_read_token", "influxdb_write"):
        world.fail(source, ServiceUnreachable("influxdb-service does not answer"))


HANGS: Mapping[str, Change] = {
    roles.PRODUCER: producer_hangs,
    roles.PROCESSOR: processor_hangs,
    roles.KAFKA: kafka_hangs,
    roles.INFLUXDB: influxdb_hangs,
}


def named_first(pipeline: Pipeline, *changes: Change) -> tuple[str, str]:
    """Component and cause of the first finding."""
    world = shaped(pipeline)
    for change in changes:
        change(world)
    first = diagnose(world.snapshot()).findings[0]
    return first.component, first.cause.id


@SHIPPED
@pytest.mark.parametrize("component", HANGS)
@pytest.mark.parametrize("otherwise", OTHERWISE)
def test_a_component_that_crashes_again_and_again(pipeline: Pipeline, component: str, otherwise: str) -> None:
    assert named_first(pipeline, OTHERWISE[otherwise], crashing(component)) == (component, "crash-loop")


@SHIPPED
@pytest.mark.parametrize("component", [roles.KAFKA, roles.INFLUXDB])
@pytest.mark.parametrize("otherwise", TROUBLE_OF_CLIENTS)
def test_no_trouble_of_its_clients_hides_a_server_that_crashes(
    pipeline: Pipeline, component: str, otherwise: str
) -> None:
    trouble = TROUBLE_OF_CLIENTS[otherwise]
    assert named_first(pipeline, trouble, crashing(component)) == (component, "crash-loop")


@SHIPPED
@pytest.mark.parametrize("component", HANGS)
@pytest.mark.parametrize("otherwise", OTHERWISE)
def test_a_component_that_hangs(pipeline: Pipeline, component: str, otherwise: str) -> None:
    assert named_first(pipeline, OTHERWISE[otherwise], HANGS[component])[0] == component


def test_a_processor_that_nobody_asks_and_that_takes_nothing_hangs() -> None:
    assert named_first(CA3, watchers_cut_off, processor_hangs) == ("processor", "process-hung")


@pytest.mark.parametrize("restarted", [False, True], ids=["readiness probe", "liveness probe"])
def test_a_hang_heals_by_itself_only_where_the_kubelet_starts_it_anew(restarted: bool) -> None:
    world = shaped(PLAIN)
    [pod] = world.pods(roles.INFLUXDB)
    probe = {"httpGet": {"path": "/health", "port": 8086}}
    pod["spec"]["containers"][0] |= {"readinessProbe": probe, **({"livenessProbe": probe} if restarted else {})}
    never_ready(world, pod)
    warning(world, "Pod", pod["metadata"]["name"], "Unhealthy", "Readiness probe failed: context deadline exceeded")
    influxdb_hangs(world)
    first = diagnose(world.snapshot()).findings[0]
    assert (first.component, first.cause.id, first.self_healing) == ("influxdb", "process-hung", restarted)


def test_one_that_says_what_keeps_it_does_not_hang() -> None:
    def complains(world: World) -> None:
        line = f"{world.ago(5)} 2026-11-27 21:00:00,1 - ERROR - Error processing message: refused"
        world.answers["logs/processor"][0]["lines"] = [line]

    assert named_first(CA3, processor_hangs, complains) == ("processor", "processing-too-slow")


def test_one_that_a_policy_keeps_from_its_readings_does_not_hang() -> None:
    assert named_first(CA3, processor_hangs, processor_cut_off) == ("network", "policy-blocks")
    assert named_first(PLAIN, processor_hangs, processor_cut_off) == ("network", "policy-blocks")


def test_policies_that_keep_only_watchers_away_are_no_cause_of_a_crash() -> None:
    """Names are one of their connections: the pods of the data path still resolve them."""
    world = shaped(CA3)
    watchers_cut_off(world)
    [blocks, *_] = diagnose(world.snapshot()).findings
    assert (blocks.cause.id, blocks.affects & {*CA3.data_path}) == ("policy-blocks", set())
