"""What a client said of a server that it has reached since is over."""

from __future__ import annotations

import pytest

from pipeline_services.model import roles
from pipeline_services.model.processor_log import NOT_DELIVERED
from tests.judgements.faults import only_pod_unready
from tests.judgements.world import healthy
from tests.triage import made

NO_KAFKA = (300.0, "Kafka does not answer: KafkaTimeoutError: Failed to get offsets by timestamps in 4000 ms")
NO_NAME = (300.0, "waiting for a Kafka broker at kafka-service:9092: Temporary failure in name resolution")
NO_ANSWER = (25.0, f"{NOT_DELIVERED} (unreachable): HTTPSConnectionPool(host='influxdb-service'): Read timed out")
REFUSED = (300.0, f"{NOT_DELIVERED} (unauthorized): HTTP 401")
NO_BUCKET = tuple(
    (ago, f'{NOT_DELIVERED} (not-found): HTTP 404: bucket "sensor-data" not found') for ago in (22, 12, 2)
)
JOINED = (250.0, "Joined group data-processor-group with partitions 0 1 2 3 4 5")


def causes(*lines: tuple[float, str], member: bool = False) -> list[str]:
    """What triage says of a processor that is not ready, has said that, and is a member of the group or is none."""
    world = healthy()
    only_pod_unready(world, roles.PROCESSOR)["status"]["podIP"] = "10.244.0.7"
    said = sorted(lines, reverse=True)
    world.answers["logs/processor"][0]["lines"] = [f"{world.ago(ago)} WARNING {text}" for ago, text in said]
    partitions = world.answers["kafka_group"]["members"][0]["partitions"]
    host = "10.244.0.7" if member else "10.244.0.99"
    world.answers["kafka_group"]["members"] = [{"id": "a", "host": host, "partitions": partitions}]
    return made.causes(world)


@pytest.mark.parametrize(
    ("complaint", "named"), [(NO_KAFKA, "network: connection-fails"), (NO_NAME, "dns: names-unresolvable")]
)
def test_a_complaint_of_long_ago_is_over_once_the_client_has_reached_the_server(
    complaint: tuple[float, str], named: str
) -> None:
    assert named in causes(complaint)
    assert named not in causes(complaint, member=True)
    assert named not in causes(complaint, JOINED)
    assert named in causes(complaint, (350.0, JOINED[1]))


def test_a_bucket_that_is_missing_is_the_only_cause_whatever_was_before() -> None:
    assert causes(NO_KAFKA, REFUSED, NO_ANSWER, *NO_BUCKET, member=True) == ["influxdb: bucket-missing"]


def test_a_store_that_refuses_for_two_reasons_at_once_is_told_of_both() -> None:
    both = causes((5.0, REFUSED[1]), *NO_BUCKET, member=True)
    assert {"influxdb: bucket-missing", "config: token-refused"} <= set(both)


def test_time_outs_that_go_on_stand_though_answers_come_between() -> None:
    lost = [(ago, NO_KAFKA[1]) for ago in (50.0, 30.0, 8.0)]
    assert "network: connection-fails" in causes(*lost, (4.0, JOINED[1]), member=True)
    assert "network: connection-fails" not in causes(*lost[:2], (4.0, JOINED[1]), member=True)
