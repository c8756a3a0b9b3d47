"""What is over is not told any more, and what one cause explains is not told as another."""

from __future__ import annotations

import pytest

from pipeline_services.model import roles
from pipeline_services.model.errors import NoData
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.processor_log import DELIVERS_AGAIN, NOT_DELIVERED
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.faults import only_pod_unready, ready_since, scale_to_0, second_pod
from tests.judgements.world import World, healthy
from tests.triage.made import causes

GONE = 'HTTP 404: bucket "sensor-data" not found'


def processor_said(world: World, *lines: tuple[float, str]) -> None:
    world.answers["logs/processor"][0]["lines"] = [f"{world.ago(ago)} {text}" for ago, text in lines]


def test_a_bucket_that_is_missing() -> None:
    world = healthy()
    processor_said(world, (30, f"{NOT_DELIVERED} (not-found): {GONE}"))
    assert "influxdb: bucket-missing" in causes(world)


def test_a_bucket_that_is_there_again() -> None:
    world = healthy()
    trouble = f"{NOT_DELIVERED} (not-found): {GONE}"
    processor_said(world, (90, trouble), (40, f"{DELIVERS_AGAIN} after 50 s"))
    assert causes(world) == []


def test_a_bucket_that_is_missing_once_more() -> None:
    world = healthy()
    trouble = f"{NOT_DELIVERED} (not-found): {GONE}"
    processor_said(world, (90, trouble), (40, f"{DELIVERS_AGAIN} after 50 s"), (20, trouble))
    assert "influxdb: bucket-missing" in causes(world)


NO_NAME = '{"level": "WARNING", "message": "kafka-service: Temporary failure in name resolution"}'


@pytest.mark.parametrize(("ready", "said"), [(100, []), (140, ["dns: names-unresolvable"])])
def test_names_that_could_not_be_resolved_before_the_app_was_ready(ready: float, said: list[str]) -> None:
    world = healthy()
    ready_since(world, roles.PRODUCER, ready)
    world.answers["logs/producer"][0]["lines"].append(f"{world.ago(120)} {NO_NAME}")
    assert causes(world) == said


REFUSED = '{"level": "ERROR", "message": "dropping the Kafka producer: MessageSizeTooLargeError: [Error 10]"}'


@pytest.mark.parametrize(("ago", "said"), [(3, ["kafka: records-refused"]), (40, [])])
def test_a_topic_that_takes_no_record_of_that_size(ago: float, said: list[str]) -> None:
    world = healthy()
    world.answers["logs/producer"][0]["lines"].append(f"{world.ago(ago)} {REFUSED}")
    assert [one for one in causes(world) if one.startswith("kafka")] == said


def test_a_producer_that_is_not_ready_for_it_is_not_told_beside() -> None:
    world = healthy()
    only_pod_unready(world, roles.PRODUCER)
    world.answers["logs/producer"][0]["lines"].append(f"{world.ago(3)} {REFUSED}")
    assert causes(world) == ["kafka: records-refused"]


def test_a_store_that_was_out_of_reach_and_is_not_while_kafka_is_away() -> None:
    world = healthy()
    scale_to_0(world, roles.KAFKA)
    only_pod_unready(world, roles.PROCESSOR)
    trouble = f"{NOT_DELIVERED} (unreachable): HTTPSConnectionPool(host='influxdb-service'): Read timed out"
    processor_said(world, (170, trouble), (150, f"{DELIVERS_AGAIN} after 20 s"))
    assert causes(world)[:1] == ["kafka: scaled-to-zero"]
    assert "network: connection-fails" not in causes(world)


def failing_writes(world: World) -> None:
    world.answers["prometheus/write-failures"] = [{"metric": {}, "value": [world.now, "0.5"]}]


def test_writes_that_fail() -> None:
    world = healthy()
    failing_writes(world)
    processor_said(world, (5, f"{NOT_DELIVERED} (server-error): HTTP 500"))
    assert causes(world)[0] == "influxdb: writes-fail"


@pytest.mark.parametrize("level", ["ERROR", "WARNING"])
def test_writes_that_failed_until_a_moment_ago(level: str) -> None:
    world = healthy()
    failing_writes(world)
    trouble = f'{{"level": "{level}", "message": "{NOT_DELIVERED} (unauthorized): HTTP 401"}}'
    processor_said(world, (40, trouble), (20, f"{DELIVERS_AGAIN} after 20 s"))
    assert causes(world) == ["influxdb: outage-over"]
    assert diagnose(world.snapshot()).findings[0].self_healing


@pytest.mark.parametrize(
    ("age", "said"), [(20, "until then"), (300, "until then; processor has not recovered")], ids=["starts", "waits"]
)
def test_a_broker_that_is_back_and_that_one_of_two_processors_has_not_found(age: float, said: str) -> None:
    world = healthy()
    ready_since(world, roles.KAFKA, 60)
    error = '{"level": "ERROR", "message": "KafkaConnectionError: 111 ECONNREFUSED"}'
    world.answers["logs/producer"][0]["lines"].append(f"{world.ago(70)} {error}")
    second_pod(world, roles.PROCESSOR, age=age)
    told = {one.cause.id: one.summary for one in diagnose(world.snapshot()).findings}
    assert told["outage-over"] == f"a pod of kafka is back; producer logged errors {said}"


def test_writes_that_failed_in_pods_that_are_gone() -> None:
    world = healthy()
    failing_writes(world)
    ready_since(world, roles.PROCESSOR, 15)
    assert causes(world) == ["influxdb: outage-over"]


def test_writes_that_fail_in_pods_that_stand_and_do_not_say_so() -> None:
    world = healthy()
    failing_writes(world)
    assert causes(world) == ["influxdb: writes-fail"]


def test_errors_after_deliveries_work_again_are_not_over() -> None:
    world = healthy()
    processor_said(world, (60, f"{DELIVERS_AGAIN} after 20 s"), (20, '{"level": "ERROR", "message": "it broke"}'))
    assert causes(world) == ["processor: unknown"]


def test_a_crash_before_the_container_that_runs_now_is_no_reason_for_what_befalls_that() -> None:
    world = healthy()
    pod = only_pod_unready(world, roles.PRODUCER)
    status = pod["status"]["containerStatuses"][0]
    status |= {"restartCount": 1, "state": {"running": {"startedAt": world.ago(400)}}}
    status["lastState"] = {"terminated": {"reason": "Error", "exitCode": 137, "finishedAt": world.ago(401)}}
    assert "producer: process-crashed" not in causes(world)


def sources(world: World, error: str) -> None:
    world.answers[f"grafana_datasources/{Pipeline.load().dashboard.datasources[roles.INFLUXDB]}"] = {
        "status": 400,
        "message": error,
    }


def test_grafana_that_does_not_trust_a_certificate_nobody_trusts() -> None:
    world = healthy()
    world.answers["tls"].update(verified=False, error="unable to get local issuer certificate")
    sources(world, "tls: failed to verify certificate: x509: certificate signed by unknown authority")
    assert causes(world) == ["influxdb: certificate-wrong"]


def test_grafana_that_alone_does_not_trust_it() -> None:
    world = healthy()
    sources(world, "tls: failed to verify certificate: x509: certificate signed by unknown authority")
    assert causes(world) == ["grafana: datasource-broken"]


def test_grafana_whose_way_a_policy_blocks() -> None:
    world = healthy()
    world.drop("networkpolicies", lambda policy: policy["metadata"]["name"] == "grafana")
    sources(world, "context deadline exceeded")
    assert causes(world) == ["network: policy-blocks"]


def test_what_a_missing_secret_hides_is_not_laid_on_new_pods() -> None:
    world, secret = healthy(age=100), Pipeline.load().config.read_token.secret
    (container,) = world.workload(roles.GRAFANA)["spec"]["template"]["spec"]["containers"]
    container["env"] = [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": secret, "key": "token"}}}]
    world.pods(roles.GRAFANA)[0]["spec"]["containers"][0]["env"] = container["env"]
    world.declare()
    world.drop("secrets", lambda one: one["name"] == secret)
    world.fail("influxdb_newest", NoData(f"there is no secret {secret}"))
    changed_by_this_test = "grafana: not-as-declared"
    assert set(causes(world)) - {changed_by_this_test} == {"config: reference-missing"}
