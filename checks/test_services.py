"""What the runbook implies: services have endpoints, stores and topics work, certificates hold, pods are scraped."""

from __future__ import annotations

import pytest

from pipeline_services.judgements import brokers, endpoints, influxdb, kafka, network_policies, targets, tls
from pipeline_services.snapshot.snapshot import Snapshot


@pytest.mark.runbook("network-policy-issues")
def test_service_has_endpoint(snapshot: Snapshot, service: str) -> None:
    """The service has its port and a ready pod behind it."""
    endpoints.are_ready(snapshot, service)


@pytest.mark.runbook("network-policy-issues")
def test_service_leads_to_pods(snapshot: Snapshot, service: str) -> None:
    """The service selects its component's pods and leads to a port that they declare."""
    endpoints.lead_to_pods(snapshot, service)


@pytest.mark.runbook("network-policy-issues")
def test_network_denies_by_default(snapshot: Snapshot) -> None:
    """What no policy allows is denied."""
    network_policies.deny_by_default(snapshot)


@pytest.mark.runbook("network-policy-issues")
def test_network_allows(snapshot: Snapshot, flow: str) -> None:
    """The policies let a needed connection through."""
    network_policies.allow(snapshot, flow)


@pytest.mark.runbook("network-policy-issues")
def test_network_denies(snapshot: Snapshot, flow: str) -> None:
    """No policy lets a connection through that nobody needs."""
    network_policies.deny(snapshot, flow)


@pytest.mark.runbook("network-policy-issues")
def test_network_allows_nothing_else(snapshot: Snapshot, destination: str) -> None:
    """No policy lets anybody else in: no other pod or port, no other namespace, nobody outside; nor out to those."""
    network_policies.allow_nothing_else(snapshot, destination)


@pytest.mark.runbook("kafka-statefulset-failure")
def test_kafka_topic(snapshot: Snapshot, topic: str) -> None:
    """The topic has its partitions; each has a leader and all replicas in sync."""
    kafka.topic_is_whole(snapshot, topic)


@pytest.mark.runbook("kafka-statefulset-failure")
def test_topic_set_as_declared(snapshot: Snapshot, topic: str) -> None:
    """Retention and the other settings in force for the topic are those that the pipeline is described with."""
    kafka.topic_is_set_as_declared(snapshot, topic)


@pytest.mark.runbook("kafka-statefulset-failure")
def test_brokers_set_as_declared(snapshot: Snapshot) -> None:
    """Nobody has set anything of the brokers at run time."""
    brokers.are_set_as_declared(snapshot)


@pytest.mark.runbook("processor-pod-failure")
def test_processors_only(snapshot: Snapshot) -> None:
    """Nobody but the processors is in their group."""
    brokers.only_processors_are_members(snapshot)


@pytest.mark.runbook("kafka-statefulset-failure")
def test_clients_not_limited(snapshot: Snapshot) -> None:
    """The broker has no quota that holds clients up."""
    kafka.clients_are_not_limited(snapshot)


@pytest.mark.runbook("kafka-statefulset-failure")
def test_broker_not_flooded(snapshot: Snapshot) -> None:
    """No client sends the broker far more than the pipeline's readings are."""
    kafka.broker_is_not_flooded(snapshot)


@pytest.mark.runbook("producer-pod-failure")
def test_topic_grows(snapshot: Snapshot) -> None:
    """New messages come into the topic of readings, by the broker's own offsets."""
    kafka.topic_grows(snapshot)


@pytest.mark.runbook("processor-pod-failure")
def test_consumer_group_stable(snapshot: Snapshot) -> None:
    """The processors' group is stable and reads every partition."""
    kafka.group_is_stable(snapshot)


@pytest.mark.runbook("influxdb-statefulset-failure")
def test_influxdb_healthy(snapshot: Snapshot) -> None:
    """InfluxDB's health call passes."""
    influxdb.is_healthy(snapshot)


@pytest.mark.runbook("influxdb-statefulset-failure")
def test_bucket_set_as_declared(snapshot: Snapshot) -> None:
    """The bucket keeps readings for as long as the pipeline is described with."""
    influxdb.bucket_is_set_as_declared(snapshot)


@pytest.mark.runbook("influxdb-statefulset-failure")
def test_store_left_alone(snapshot: Snapshot) -> None:
    """No task and no replication works on the readings inside InfluxDB."""
    influxdb.nothing_works_on_it(snapshot)


@pytest.mark.runbook("producer-pod-failure")
def test_data_clock(snapshot: Snapshot) -> None:
    """No stored reading is from the future."""
    influxdb.readings_are_past(snapshot)


@pytest.mark.runbook("tls-certificate")
def test_certificate_valid_for_weeks(snapshot: Snapshot) -> None:
    """InfluxDB's certificate is valid for at least 14 days more."""
    tls.is_valid_for_weeks(snapshot)


@pytest.mark.runbook("tls-certificate")
def test_certificate_has_key(snapshot: Snapshot) -> None:
    """The Secret's key is that of its certificate."""
    tls.has_its_key(snapshot)


@pytest.mark.runbook("tls-certificate")
def test_certificate_trusted(snapshot: Snapshot) -> None:
    """InfluxDB's certificate has the names it is used under, and a careful client trusts it."""
    tls.is_trusted(snapshot)


@pytest.mark.runbook("tls-certificate")
def test_certificate_served(snapshot: Snapshot) -> None:
    """InfluxDB serves the certificate of the Secret."""
    tls.is_the_served_one(snapshot)


@pytest.mark.runbook("observability")
def test_pods_scraped(snapshot: Snapshot, component: str) -> None:
    """Prometheus scrapes each pod of the component."""
    targets.pods_are_scraped(snapshot, component)


@pytest.mark.runbook("observability")
def test_series_kept(snapshot: Snapshot, scraped: str) -> None:
    """What Prometheus scrapes is there to be asked for."""
    targets.series_are_kept(snapshot, scraped)


@pytest.mark.runbook("observability")
def test_nodes_scraped(snapshot: Snapshot) -> None:
    """Prometheus scrapes the kubelet for volumes and containers."""
    targets.nodes_are_scraped(snapshot)
