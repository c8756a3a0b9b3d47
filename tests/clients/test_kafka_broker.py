"""What Kafka answers is read as what it means; every broker address leads to the forward; nobody there is said soon."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import Any

import pytest
from kafka.errors import GroupAuthorizationFailedError, InvalidTopicError, KafkaConnectionError
from kafka.protocol.admin import DescribeClientQuotasResponse

from pipeline_services.clients import kafka_broker
from pipeline_services.clients.kafka_broker import KafkaBroker
from pipeline_services.model.errors import AccessDenied, NoData, PipelineError, ServiceUnreachable, UnexpectedAnswer
from pipeline_services.model.offsets import Offsets


class FakeAdmin:
    """Stands for kafka-python's admin client: no broker is needed to see how its answers are read."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        def answer(*_args: Any, **_options: Any) -> Any:
            if isinstance(self._answers[name], Exception):
                raise self._answers[name]
            return self._answers[name]

        return answer


def broker(**answers: Any) -> KafkaBroker:
    known = KafkaBroker(1)
    known._admin = FakeAdmin(**answers)
    return known


def partition(number: int, leader: int) -> dict[str, Any]:
    return {"partition_index": number, "leader_id": leader, "isr_nodes": [0], "replica_nodes": [0, 1]}


def test_topics_are_ours_only_and_say_where_a_leader_is_missing() -> None:
    topics = [
        {"name": "sensor-readings", "is_internal": False, "partitions": [partition(1, -1), partition(0, 0)]},
        {"name": "__consumer_offsets", "is_internal": True, "partitions": []},
    ]
    assert broker(describe_topics=topics).internal_topics() == ["__consumer_offsets"]
    assert broker(describe_topics=topics).topics() == {
        "sensor-readings": [
            {"partition": 0, "leader": 0, "isr": [0], "replicas": [0, 1]},
            {"partition": 1, "leader": None, "isr": [0], "replicas": [0, 1]},
        ]
    }


def test_brokers_tell_their_addresses() -> None:
    brokers = [{"broker_id": 1, "host": "b", "port": 9093}, {"broker_id": 0, "host": "a", "port": 9092}]
    assert broker(describe_cluster={"brokers": brokers}).addresses() == ["a:9092", "b:9093"]


def test_a_topic_is_as_large_as_all_its_partitions() -> None:
    def folder(**topics: list[int]) -> dict[str, Any]:
        partitions = {name: [{"partition_size": size} for size in sizes] for name, sizes in topics.items()}
        return {"topics": [{"name": name, "partitions": known} for name, known in partitions.items()]}

    brokers = [{"log_dirs": [folder(a=[1, 2], b=[10])]}, {"log_dirs": [folder(a=[4]), folder()]}]
    assert broker(describe_log_dirs=brokers).sizes() == {"a": 7, "b": 10}


def described(**group: Any) -> dict[str, Any]:
    return {"g": {"error": None, "group_state": "Stable", "members": [], **group}}


def test_the_members_of_a_group_and_what_they_hold() -> None:
    assignment = {"assigned_partitions": [{"topic": "t", "partitions": [2, 0]}]}
    members = [
        {"member_id": "a", "client_host": "/10.0.0.1", "member_assignment": assignment},
        {"member_id": "b", "client_host": "/10.0.0.2", "member_assignment": b""},
    ]
    assert broker(describe_groups=described(members=members)).group("g") == {
        "state": "Stable",
        "members": [
            {"id": "a", "host": "10.0.0.1", "partitions": ["t/0", "t/2"]},
            {"id": "b", "host": "10.0.0.2", "partitions": []},
        ],
    }


@pytest.mark.parametrize("answer", [{}, described(error="[Error 69] GroupIdNotFoundError: Group g not found.")])
def test_a_group_that_is_not_there_is_dead(answer: dict[str, Any]) -> None:
    assert broker(describe_groups=answer).group("g") == {"state": "Dead", "members": []}


def test_a_group_that_cannot_be_described() -> None:
    with pytest.raises(UnexpectedAnswer, match="Error 15"):
        broker(describe_groups=described(error="[Error 15] coordinator")).group("g")


def test_the_id_of_the_cluster() -> None:
    assert broker(describe_cluster={"cluster_id": "abc", "brokers": []}).cluster_id() == "abc"


def test_offsets_that_were_never_committed_are_none() -> None:
    offsets = Offsets(at=5.0, committed={0: 7, 1: None}, end={0: 9, 1: 3})
    partitions = {"0": {"committed": 7, "end": 9}, "1": {"committed": None, "end": 3}}
    assert offsets.to_dict() == {"at": 5.0, "partitions": partitions}


def test_a_topic_without_partitions_is_no_data() -> None:
    with pytest.raises(NoData, match="no topic t"):
        broker().offsets("g", "t", [])


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (GroupAuthorizationFailedError("no"), AccessDenied),
        (KafkaConnectionError("away"), ServiceUnreachable),
        (InvalidTopicError("bad"), UnexpectedAnswer),
        (ConnectionResetError("gone"), ServiceUnreachable),
    ],
)
def test_every_exception_becomes_one_of_ours(raised: Exception, error: type[PipelineError]) -> None:
    with pytest.raises(error) as caught:
        broker(describe_topics=raised).topics()
    assert type(caught.value) is error


@pytest.mark.parametrize("listening", [True, False])
def test_nobody_answers(monkeypatch: pytest.MonkeyPatch, listening: bool) -> None:
    monkeypatch.setattr(kafka_broker, "TIMEOUT_MS", 300)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
        if not listening:
            listener.close()
        started = time.monotonic()
        with pytest.raises(ServiceUnreachable, match="kafka does not answer"), KafkaBroker(port):
            pass
    assert time.monotonic() - started < 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("kafka")]


def test_every_address_leads_to_the_forward() -> None:
    led = kafka_broker._ForwardedSocket("forward://127.0.0.1:4321")
    for host in ("kafka-0.kafka-headless.conveyor-pipeline.svc.cluster.local", "10.0.0.1"):
        assert [found[4] for found in led.dns_lookup(host, 9092)] == [("127.0.0.1", 4321)]


def test_the_settings_of_a_topic_say_whose_they_are() -> None:
    found = {
        "retention.ms": {"value": "300000", "config_source": "DYNAMIC_TOPIC_CONFIG"},
        "segment.ms": {"value": "604800000", "config_source": "DEFAULT_CONFIG"},
    }
    assert broker(describe_configs={"topic": {"t": found}}).settings(["t"]) == {
        "t": {"retention.ms": {"value": "300000", "own": True}, "segment.ms": {"value": "604800000", "own": False}}
    }
    assert broker(describe_configs={}).settings([]) == {}


def test_what_was_set_at_run_time_is_told_from_the_file() -> None:
    found = {
        "num.io.threads": {"value": "2", "config_source": "DYNAMIC_BROKER_CONFIG"},
        "log.retention.ms": {"value": "300000", "config_source": "DYNAMIC_DEFAULT_BROKER_CONFIG"},
        "log.retention.bytes": {"value": "1", "config_source": "STATIC_BROKER_CONFIG"},
        "ssl.key.password": {"value": None, "config_source": "STATIC_BROKER_CONFIG"},
    }
    asked = broker(
        describe_cluster={"brokers": [{"broker_id": 0}, {"broker_id": 1}]},
        describe_configs={"broker": {"0": found, "1": {"log.retention.ms": found["log.retention.ms"]}}},
    )
    assert asked.set_at_run_time() == [
        {"broker": "", "key": "log.retention.ms", "value": "300000"},
        {"broker": "0", "key": "num.io.threads", "value": "2"},
    ]
    assert asked.read_at_start() == [{"broker": "0", "key": "log.retention.bytes", "value": "1"}]


class Manager:
    """Stands for the admin client's way to the broker: runs a request to its end, and answers it."""

    def __init__(self, answer: DescribeClientQuotasResponse) -> None:
        self._answer = answer

    def run(self, coroutine: Any) -> Any:
        return asyncio.run(coroutine())

    async def send(self, request: Any) -> Any:
        assert (list(request.components), request.strict) == ([], False)
        return self._answer


def quotas(**answer: Any) -> list[dict[str, Any]]:
    known = broker()
    response = DescribeClientQuotasResponse(throttle_time_ms=0, **{"error_code": 0, "error_message": None, **answer})
    known._admin._manager = Manager(response)
    return known.quotas()


def test_quotas_say_for_whom_they_are() -> None:
    entry = DescribeClientQuotasResponse.EntryData
    made = entry(
        entity=[entry.EntityData(entity_type="client-id", entity_name=None)],
        values=[entry.ValueData(key="consumer_byte_rate", value=100.0)],
    )
    assert quotas(entries=[made]) == [{"for": {"client-id": None}, "limits": {"consumer_byte_rate": 100.0}}]
    assert quotas(entries=None) == []


def test_quotas_that_may_not_be_asked_are_no_empty_answer() -> None:
    with pytest.raises(UnexpectedAnswer, match="does not describe quotas"):
        quotas(entries=None, error_code=31, error_message="not you")
