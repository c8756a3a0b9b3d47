"""A Kafka and an InfluxDB in the namespace of others are known by the addresses that clients are told."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.discover.comparison import differences
from pipeline_services.discover.facts import How
from pipeline_services.discover.profile import Discovered, discovered
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.snapshot import Snapshot
from tests.discover.namespaces import snapshot_of, workload

KAFKA, STORE = "bus.streaming.svc.cluster.local:9092", "https://store.data.svc:8086/"


def there(kafka: str = KAFKA, store: str = STORE) -> Snapshot:
    def told(**values: str) -> list[dict[str, Any]]:
        return [{"name": name, "value": value} for name, value in {"KAFKA_BROKER": kafka, **values}.items()]

    store_of = {"INFLUXDB_URL": store, "CONSUMER_GROUP": "g"}
    objects = [
        workload("Deployment", "line-producer", {"image": "x/producer", "env": told(TOPIC="speeds")}),
        workload("Deployment", "line-processor", {"image": "x/processor", "env": told(**store_of)}),
    ]
    return snapshot_of(objects, "plant")


def found(**told: str) -> Discovered:
    return discovered(there(**told))


def test_both_are_described_by_namespace_and_service() -> None:
    seen = found()
    pipeline = Pipeline.from_document(seen.facts.document())
    kafka, store = pipeline["kafka"], pipeline["influxdb"]
    assert (kafka.namespace, kafka.service and kafka.service.address) == ("streaming", "bus:9092")
    assert (store.namespace, store.service and store.service.url) == ("data", "https://store:8086")
    assert (kafka.elsewhere, store.elsewhere) == ("in the namespace streaming", "in the namespace data")
    flows = {(one.source, one.destination, one.port) for one in pipeline.flows if one.carries_readings}
    assert flows == {("producer", "kafka", 9092), ("processor", "kafka", 9092), ("processor", "influxdb", 8086)}
    open_ = {one.place for one in seen.facts if one.how is How.FILL_IN}
    assert {"components.kafka.selector", "components.influxdb.selector"} <= open_


def test_a_profile_is_held_against_where_they_are() -> None:
    profile = Pipeline.from_document(found().facts.document())
    moved = {one.place: one.text for one in differences(there(kafka="bus.other.svc:9092"), profile)}
    assert moved["components.kafka.namespace"].startswith('the profile says "streaming", the cluster "other"')
    assert "components.influxdb.namespace" not in moved


@pytest.mark.parametrize("address", ["bus.plant.svc:9092", "bus:9092", "bus.streaming.svc", ""])
def test_an_address_of_the_own_namespace_is_none_of_others(address: str) -> None:
    assert "kafka" not in found(kafka=address).facts.document()["components"]
