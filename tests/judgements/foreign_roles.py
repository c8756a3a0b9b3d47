"""Descriptions whose roles are played from elsewhere: a Kafka outside the cluster, a Prometheus that others share, two
processors."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from pipeline_services.model.pipeline import Pipeline

PLAIN: Final = Pipeline.load(Path("plain"))
ADDRESS: Final = "kafka.example.com:9093"
CONTACT: Final = "streaming@example.com"
LOGIN: Final = {
    "protocol": "SASL_SSL",
    "mechanism": "SCRAM-SHA-512",
    "username": {"secret": "kafka-client", "key": "username"},
    "password": {"secret": "kafka-client", "key": "password"},
}
_OF_A_WORKLOAD: Final = ("workload", "kind", "selector", "container", "service", "headless", "volume", "mount")


def foreign_kafka(address: str = ADDRESS) -> dict[str, Any]:
    """The second pipeline with a managed Kafka, as a document."""
    document = PLAIN.document()
    kafka = {key: value for key, value in document["components"]["kafka"].items() if key not in _OF_A_WORKLOAD}
    document["components"]["kafka"] = {**kafka, "address": address, "contact": CONTACT, "security": {**LOGIN}}
    document["flows"] = [
        {**flow, "port": int(address.rpartition(":")[2])} if flow["destination"] == "kafka" else flow
        for flow in document["flows"]
    ]
    document["config"]["config_maps"]["producer-config"]["kafka"]["KAFKA_BROKER"] = address
    document["config"]["config_maps"]["processor-config"]["kafka"]["KAFKA_BROKER"] = address
    return document


def shared(*parts: str, of: Pipeline = PLAIN, namespace: str = "monitoring") -> dict[str, Any]:
    """A pipeline that uses parts of others in another namespace, as a document; no manifests are compared with it."""
    document = {**of.document(), "manifests": ""}
    for part in parts:
        own = document["components"][part]
        kept = {key: value for key, value in own.items() if key == "selector" or key not in _OF_A_WORKLOAD}
        document["components"][part] = {**kept, "service": own["service"], "namespace": namespace}
    return document


def two_processors(**of_the_second: object) -> dict[str, Any]:
    """The second pipeline with a processor more, of the same group."""
    document = PLAIN.document()
    own = {"workload": "archiver", "selector": {"app": "archiver"}, "container": "archiver", "part_of": "processor"}
    document["components"]["archiver"] = {**document["components"]["processor"], **own, **of_the_second}
    for end in ("source", "destination"):
        document["flows"] += [{**flow, end: "archiver"} for flow in document["flows"] if flow[end] == "processor"]
    return document
