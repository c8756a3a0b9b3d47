"""A profile against its cluster: each mistake is one line, and nothing else is said."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from pipeline_services.discover.comparison import differences
from pipeline_services.discover.profile import discovered
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.snapshot import Snapshot
from tests.discover.namespaces import RECORDINGS, foreign, recording, workload

MATRIX = sorted(path.name.removesuffix(".json.gz") for path in (RECORDINGS / "matrix").glob("*.json.gz"))
HEALTHY = recording("healthy")
PROFILE = discovered(foreign()).facts.document()
SET_UP_WRONG = {
    "autoscaler-bounds-wrong": ["components.processor.autoscaler.max_replicas"],
    "autoscaler-doubled": ["components.producer.autoscaler.name"],
    "autoscaler-missing": ["components.producer.autoscaler"],
    "broker-open-on-nodes": ["components.kafka.service"],
    "config-broker-wrong": ["config.settings.kafka.KAFKA_BROKER"],
    "config-bucket-wrong": ["store.bucket", "config.settings.influxdb.INFLUXDB_BUCKET"],
    "config-group-wrong": ["topics.group", "config.settings.kafka.KAFKA_GROUP"],
    "config-map-missing": ["config.config_map"],
    "config-port-wrong": ["config.settings.kafka.KAFKA_BROKER"],
    "config-topic-wrong": ["topics.readings", "config.settings.kafka.KAFKA_TOPIC"],
    "dead-letter-topic-missing": ["topics.dead_letters"],
    "kafka-names-of-pods-missing": ["components.kafka.headless"],
    "loki-claim-unbound": ["components.loki.volume", "components.loki.mount"],
    "pair-token-revoked-and-autoscaler-missing": ["components.producer.autoscaler"],
    "secret-key-renamed": ["config.secrets.pipeline-secrets"],
    "secret-missing": ["config.secrets.influxdb-read"],
    "service-grafana-missing": ["components.grafana.service"],
    "service-influxdb-port-wrong": ["flows", "flows"],
    "service-kafka-missing": ["components.kafka.service"],
    "topic-missing": ["topics.readings"],
}
"""The faults of the matrix that change how the pipeline is set up, and what each changes."""


@pytest.mark.parametrize("name", MATRIX)
def test_a_fault_makes_a_difference_just_where_it_changes_the_set_up(name: str) -> None:
    seen = recording(f"matrix/{name}")
    found = differences(seen, seen.pipeline)
    assert [one.place for one in found] == SET_UP_WRONG.get(name, [])


def test_the_suites_own_pipeline_is_as_described() -> None:
    assert differences(HEALTHY, HEALTHY.pipeline) == []


def changed(change: Callable[[dict[str, Any]], object]) -> Pipeline:
    document = copy.deepcopy(PROFILE)
    document["topics"]["dead_letters"] = "none"
    change(document)
    return Pipeline.from_document(document)


def test_what_was_left_open_is_still_to_be_filled_in() -> None:
    document = copy.deepcopy(PROFILE)
    document["topics"]["group"] = ""
    [open_] = differences(foreign(), Pipeline.from_document(document))[-1:]
    assert str(open_) == "topics.group: is still to be filled in"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda d: d["components"]["kafka"].update(workload="buss"), "there is no StatefulSet buss"),
        (lambda d: d["components"]["kafka"].update(kind="Deployment"), "there is no Deployment bus"),
        (lambda d: d["components"]["kafka"].update(selector={"app": "b"}), 'the profile says { app = "b" }'),
        (lambda d: d["components"]["kafka"].update(container="broker"), 'the profile says "broker", the cluster "bus"'),
        (lambda d: d["components"]["kafka"]["service"].update(name="bus"), "there is no Service bus"),
        (lambda d: d["components"]["kafka"]["service"].update(port=9093), "port = 9093 }, the cluster"),
        (lambda d: d["components"]["influxdb"]["service"].update(scheme="http"), 'scheme = "http" }, the cluster'),
        (lambda d: d["components"]["kafka"].update(mount="/data"), 'the profile says "/data", the cluster "/var/lib/'),
        (lambda d: d["components"]["producer"].update(metrics_port=9), "the profile says 9, the cluster 8000"),
        (lambda d: d["components"]["producer"].pop("autoscaler"), "components.producer.autoscaler.name: the profile"),
        (lambda d: d["topics"].update(readings="speed"), 'topics.readings: the profile says "speed"'),
        (lambda d: d["topics"].update(group="g"), 'topics.group: the profile says "g", the cluster "keepers"'),
        (lambda d: d["store"].update(org="o"), 'store.org: the profile says "o", the cluster "plant"'),
        (lambda d: d["store"].update(bucket="b"), 'store.bucket: the profile says "b", the cluster "speeds-kept"'),
        (lambda d: d["config"]["config_maps"].update(gone={}), "there is no ConfigMap gone"),
        (lambda d: d["config"]["config_maps"]["keeper-config"]["kafka"].update(KAFKA_TOPIC="x"), 'profile says "x"'),
        (lambda d: d["config"]["config_maps"].pop("sender-config"), "KAFKA_BROKER: the profile says nothing"),
        (lambda d: d["config"].update(config_map="gone"), "there is no ConfigMap gone"),
        (lambda d: d["config"].update(tls="other"), 'config.tls: the profile says "other", the cluster "tsdb-tls"'),
        (lambda d: d["config"]["secrets"].pop("tsdb-tls"), "config.secrets.tsdb-tls: the profile says nothing"),
        (lambda d: d["config"]["secrets"].update(gone=["x"]), "there is no Secret gone"),
        (lambda d: d["config"]["write_token"].update(key="k"), "config.write_token: the profile says"),
        (lambda d: d["dashboard"].update(uid="u"), 'dashboard.uid: the profile says "u", the cluster "speeds-1"'),
        (lambda d: d["dashboard"]["panels"].pop("2"), "dashboard.panels.2: the profile says nothing"),
        (lambda d: d["dashboard"]["datasources"].update(prometheus="q"), 'the profile says "q", the cluster "p-1"'),
        (lambda d: d["flows"].pop(2), "flows: none from processor to kafka:9092 (bus-svc:9092 in ConfigMap"),
        (lambda d: d["components"].pop("log-shipper") and d.update(flows=[]), "drift: no role claims DaemonSet tailer"),
    ],
)
def test_a_mistake_in_a_profile_is_a_line(change: Callable[[dict[str, Any]], object], line: str) -> None:
    right = {str(one) for one in differences(foreign(), changed(lambda _: None))}
    found = [str(one) for one in differences(foreign(), changed(change)) if str(one) not in right]
    assert [one for one in found if line in one], found


def test_a_workload_that_nobody_describes_is_drift() -> None:
    seen = HEALTHY
    stranger = workload("Deployment", "kafka-ui", {"image": "x/kafka-ui"})
    more = {**seen.answers, "deployments": [*seen.answers["deployments"], stranger]}
    found = differences(Snapshot(1.0, "c", seen.namespace, more), seen.pipeline)
    assert [str(one) for one in found] == ["drift: no role claims Deployment kafka-ui"]


def test_a_list_that_could_not_be_read_is_no_difference() -> None:
    seen = HEALTHY
    less = {source: answer for source, answer in seen.answers.items() if source not in ("secrets", "pvcs", "hpas")}
    assert differences(Snapshot(1.0, "c", seen.namespace, less), seen.pipeline) == []
