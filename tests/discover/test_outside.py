"""A Kafka outside the cluster is known by the address that clients are told; whom to call is left to be filled in."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.discover import reading
from pipeline_services.discover.comparison import differences
from pipeline_services.discover.facts import How
from pipeline_services.discover.outside import NOBODY
from pipeline_services.discover.profile import Discovered, discovered
from pipeline_services.discover.toml_text import toml
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.snapshot import Snapshot
from tests.discover.namespaces import snapshot_of, workload

ADDRESS = "b-1.kafka.example.com:9096, b-2.kafka.example.com:9096"
LOGIN = {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512"}


def told(values: dict[str, str], *secrets: str) -> list[dict[str, Any]]:
    """Variables of a container; those of a Secret under keys of their own names."""
    held = [{"name": name, "valueFrom": {"secretKeyRef": {"name": "login", "key": name.lower()}}} for name in secrets]
    return [*({"name": name, "value": value} for name, value in values.items()), *held]


def there(address: str = ADDRESS, login: dict[str, str] | None = None, *secrets: str) -> Snapshot:
    common = {"KAFKA_BOOTSTRAP_SERVERS": address, "TOPIC": "speeds", **(login or {})}
    store = {"INFLUXDB_URL": "http://store:8086", "CONSUMER_GROUP": "g"}
    objects = [
        workload("Deployment", "line-producer", {"image": "x/producer", "env": told(common, *secrets)}),
        workload("Deployment", "line-processor", {"image": "x/processor", "env": told({**common, **store}, *secrets)}),
    ]
    return snapshot_of(objects, "plant")


def found(address: str = ADDRESS, login: dict[str, str] | None = None, *secrets: str) -> Discovered:
    return discovered(there(address, login, *secrets))


def test_its_address_is_found_and_the_flows_to_it() -> None:
    seen = found()
    pipeline = Pipeline.from_document(seen.facts.document())
    kafka = pipeline["kafka"]
    assert (kafka.addresses, kafka.contact, kafka.workload, kafka.recovery_limit_s) == (
        ADDRESS.split(", "),
        NOBODY,
        "",
        0,
    )
    flows = {(one.source, one.port, one.carries_readings) for one in pipeline.flows if one.destination == "kafka"}
    assert flows == {("producer", 9096, True), ("processor", 9096, True)}
    assert pipeline.topics.readings == "speeds"
    [contact] = [one for one in seen.facts if one.place == "components.kafka.contact"]
    assert contact.how is How.FILL_IN
    assert "KAFKA_BOOTSTRAP_SERVERS" in toml(seen.facts)


def test_how_clients_log_in_is_taken_from_their_variables() -> None:
    pipeline = Pipeline.from_document(found(ADDRESS, LOGIN, "KAFKA_USERNAME", "KAFKA_PASSWORD").facts.document())
    security = pipeline["kafka"].security
    assert security is not None
    assert (security.protocol, security.mechanism) == ("SASL_SSL", "SCRAM-SHA-512")
    assert security.password is not None
    assert (security.password.secret, security.password.key) == ("login", "kafka_password")


def test_what_they_do_not_say_in_full_is_left_out() -> None:
    assert Pipeline.from_document(found(ADDRESS, LOGIN).facts.document())["kafka"].security is None
    encrypted = Pipeline.from_document(found(ADDRESS, {"KAFKA_SECURITY_PROTOCOL": "SSL"}).facts.document())["kafka"]
    assert encrypted.security is not None
    assert not encrypted.security.logs_in


@pytest.mark.parametrize("address", ["kafka-service:9092", "kafka.streaming.svc:9092", "a.svc.cluster.local:9092", ""])
def test_an_address_within_the_cluster_is_none_outside(address: str) -> None:
    assert "address" not in found(address).facts.document()["components"].get("kafka", {})


def test_its_messages_are_read_at_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    document = found().facts.document()
    draft = Pipeline.from_document(document)
    asked: list[Any] = []
    monkeypatch.setattr(reading, "_message_fields", lambda where, *_: asked.append(where) or {})
    cluster: Any = type("Cluster", (), {"list": lambda _self, _kind: []})()
    reading._newest_messages(cluster, Snapshot(1.0, "c", "plant", {}), draft)
    assert asked == [{"bootstrap_servers": ADDRESS.split(", ")}]


def test_a_profile_is_held_against_the_address_and_whom_to_call() -> None:
    document = found().facts.document()
    profile = Pipeline.from_document(document)
    told_of = {one.place: one.text for one in differences(there(), profile)}
    assert told_of["components.kafka.contact"] == "is still to be filled in"
    assert "components.kafka.address" not in told_of
    document["components"]["kafka"]["contact"] = "streaming@example.com"
    other = "b-9.kafka.example.com:9096"
    moved = {one.place: one.text for one in differences(there(other), Pipeline.from_document(document))}
    assert "components.kafka.contact" not in moved
    assert f'the cluster "{other}"' in moved["components.kafka.address"]
