"""Rows of the matrix on other pipelines than the suite's own: what is seen there leads to component and cause, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from chaos.scenarios import MATRIX
from pipeline_services.experiment.score import judge
from pipeline_services.model import roles
from pipeline_services.model.errors import AccessDenied, NoData, ServiceUnreachable, UnexpectedAnswer
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.triage.diagnosis import diagnose
from tests.chaos.test_applicable import ACCEPTANCE
from tests.judgements.faults import crash_looping, scale_to_0, second_pod, warning
from tests.judgements.known_bad.daily import node_cordoned
from tests.judgements.shapes import shaped
from tests.judgements.test_outages_first import influxdb_hangs, port_wrong, processor_hangs
from tests.judgements.world import World

PIPELINES = {name: Pipeline.load(Path(name)) for name in ("plain", "ca3")}


def says(world: World, component: str, text: str) -> None:
    """Errors in the words of the apps of these pipelines, of the last seconds."""
    lines = [f"{world.ago(ago)} 2026-11-27 21:00:00,1 - ERROR - {text}" for ago in (9.0, 4.0)]
    world.answers[f"logs/{component}"][0]["lines"] = lines


def nothing_stored(world: World, *, says_so: str = "") -> None:
    """For a minute; the processor takes its messages, and says what InfluxDB answers."""
    world.answers["influxdb_newest"] = {"time": world.now - 70, "points_1m": 0}
    world.answers["prometheus/influxdb-writes-match-processor"][0]["value"] = [world.now, "0"]
    world.answers["prometheus/write-failures"][0]["value"] = [world.now, "0.9"]
    if says_so:
        says(world, roles.PROCESSOR, f"Error writing to InfluxDB: {says_so}")


def token_revoked(world: World) -> None:
    for source in ("influxdb_token", "influxdb_read_token", "influxdb_write"):
        world.answers[source] = {"status": 401}
    nothing_stored(world, says_so="(401) Reason: Unauthorized unauthorized access")
    world.fail("influxdb_newest", AccessDenied("read", "the bucket"))


def processor_cut_off(world: World) -> None:
    policy = world.item("networkpolicies", roles.PROCESSOR)["spec"]
    policy["egress"] = [rule for rule in policy["egress"] if rule["ports"][0]["port"] != 8086]
    nothing_stored(world, says_so="HTTPConnectionPool(host='influxdb-service', port=8086): Connection to it timed out")


def no_kafka_service(world: World) -> None:
    world.drop("services", lambda item: item["metadata"]["name"] == "kafka-service")
    world.drop("endpointslices", lambda item: item["metadata"]["name"].startswith("kafka-service"))


def image_wrong(world: World) -> None:
    image = "localhost/conveyor/apps:v2.1.0"
    pod = second_pod(world, roles.PRODUCER, age=90, waiting="ImagePullBackOff", message=f'Back-off pulling "{image}"')
    pod["status"]["phase"] = "Pending"
    warning(world, "Pod", pod["metadata"]["name"], "Failed", f'Failed to pull image "{image}": not found')


def ends_at_once(world: World) -> None:
    crash_looping(world, world.pods(roles.PROCESSOR)[0], "cannot go on: the belt has come off")
    world.workload(roles.PROCESSOR)["status"]["availableReplicas"] = 0


def no_kafka(world: World) -> None:
    scale_to_0(world, roles.KAFKA)
    world.item("endpointslices", "kafka-service-abc12")["endpoints"] = []
    for source in ("kafka_topics", "kafka_group", "kafka_lag", "kafka_settings", "kafka_quotas", "kafka_sizes"):
        world.fail(source, ServiceUnreachable("kafka-service has no ready endpoint"))
    says(world, roles.PRODUCER, "Error sending message: KafkaTimeoutError: Batch for topic expired")
    world.answers["prometheus/producer-rate"][0]["value"] = [world.now, "0"]
    world.answers["influxdb_newest"] = {"time": world.now - 70, "points_1m": 0}


def hangs(world: World) -> None:
    """Prometheus waits in vain for its page, and nothing that comes in is taken."""
    for target in world.answers["prometheus_targets"]:
        if target["labels"]["job"] == roles.PROCESSOR:
            target |= {"health": "down", "lastError": "context deadline exceeded"}
    processor_hangs(world)


def store_hangs(world: World) -> None:
    influxdb_hangs(world)
    nothing_stored(world, says_so="HTTPConnectionPool(host='influxdb-service', port=8086): Read timed out")
    world.fail("influxdb_newest", ServiceUnreachable("influxdb-service does not answer"))


def no_prometheus(world: World) -> None:
    scale_to_0(world, roles.PROMETHEUS)
    world.item("endpointslices", "prometheus-service-abc12")["endpoints"] = []
    for source in ("prometheus/", "prometheus_targets"):
        world.fail(source, ServiceUnreachable("prometheus-service has no ready endpoint"))


def bucket_renamed(world: World) -> None:
    nothing_stored(world, says_so='(404) Reason: Not Found: bucket "conveyor-data" not found')
    world.fail("influxdb_newest", UnexpectedAnswer("InfluxDB answers 404: bucket not found"))
    world.answers["influxdb_write"] = {"status": 404}
    world.fail("influxdb_bucket", NoData("InfluxDB has no bucket of that name, or not for this token"))


SEEN: Mapping[str, Callable[[World], None]] = {
    "config-port-wrong": port_wrong,
    "token-revoked": token_revoked,
    "policy-processor-cut-off": processor_cut_off,
    "service-kafka-missing": no_kafka_service,
    "node-cordoned": node_cordoned,
    "producer-image-wrong": image_wrong,
    "processor-ends-at-once": ends_at_once,
    "processor-hung": hangs,
    "kafka-scaled-to-zero": no_kafka,
    "influxdb-hung-unprobed": store_hangs,
    "influxdb-bucket-renamed": bucket_renamed,
    "prometheus-scaled-to-zero": no_prometheus,
}


def test_each_of_the_acceptance_is_seen() -> None:
    assert set(ACCEPTANCE) <= SEEN.keys()


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("row", SEEN)
def test_component_and_cause_are_right(pipeline: str, row: str) -> None:
    described = PIPELINES[pipeline]
    world = shaped(described)
    SEEN[row](world)
    verdict = judge(MATRIX[row].filled(described), diagnose(world.snapshot()))
    assert verdict.as_expected, (verdict.wrong, verdict.said)
