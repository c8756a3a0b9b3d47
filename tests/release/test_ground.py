"""Where versions are tried: what is made, that all of it is undone, and that only what must differ does."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

from pipeline_services.apps.load import Load
from pipeline_services.faults.journal import Call, Command
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.release.ground import LIFETIME_S, Place, ground, loader, producer_pod, version_pod

PIPELINE = Pipeline.load()
TOPIC = "bench-1790000000"
MANIFEST: Path = REPOSITORY / "manifests/base/processor/deployment.yaml"
PROCESSOR: dict[str, Any] = yaml.safe_load(MANIFEST.read_text())
LOAD = Load(TOPIC, 100, 10**18)


def test_whatever_is_made_is_undone() -> None:
    fault = ground(PIPELINE, TOPIC, "secret")
    made = [step for step in fault.inject if isinstance(step, Call)]
    assert len(made) == len(fault.inject) == 3
    names = {f"{step.path}/{(step.body or {})['metadata']['name']}" for step in made}
    deleted = {step.path for step in fault.undo if isinstance(step, Call) and step.method == "DELETE"}
    assert names < deleted
    pods, *_, topics, buckets = fault.undo
    assert isinstance(pods, Call)
    assert pods.path.endswith("/pods?labelSelector=app%3Dbench-pipeline")
    assert isinstance(topics, Command)
    assert isinstance(buckets, Command)
    assert f"{TOPIC}.*" in topics.words
    assert TOPIC in buckets.words
    assert fault.lifetime_s == LIFETIME_S


def test_a_version_has_everything_to_itself_and_runs_as_it_is_deployed() -> None:
    before = copy.deepcopy(PROCESSOR)
    made = version_pod(PROCESSOR, "apps:2", Place(TOPIC, 7), PIPELINE)
    assert before == PROCESSOR
    deployed = PROCESSOR["spec"]["template"]["spec"]["containers"][0]
    worker = made["spec"]["containers"][0]
    assert {key for key in worker if worker[key] != deployed.get(key)} == {"image", "env"}
    values = {entry["name"]: entry.get("value") for entry in worker["env"]}
    assert len(values) == len(worker["env"])
    assert values["KAFKA_TOPIC"] == TOPIC
    assert values["KAFKA_GROUP"] == values["INFLUXDB_BUCKET"] == f"{TOPIC}-7"
    assert values["INFLUXDB_CA"] == "/etc/influxdb-tls/ca.crt"
    assert {name: values[name] for name in values if name.startswith("MALLOC_")} == {
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_MMAP_THRESHOLD_": "65536",
        "MALLOC_TRIM_THRESHOLD_": "65536",
    }
    token = next(entry for entry in worker["env"] if entry["name"] == PIPELINE.config.write_token.key)
    assert token["valueFrom"]["secretKeyRef"] == {"name": PIPELINE.config.admin, "key": "token"}
    assert made["spec"]["restartPolicy"] == "Always"


def test_a_producer_runs_as_it_is_deployed_into_a_topic_of_its_own() -> None:
    producer = yaml.safe_load((REPOSITORY / "manifests/base/producer/deployment.yaml").read_text())
    made = producer_pod(producer, "apps:2", Place(TOPIC, 1))
    deployed = producer["spec"]["template"]["spec"]["containers"][0]
    worker = made["spec"]["containers"][0]
    assert {key for key in worker if worker[key] != deployed.get(key)} == {"image", "env"}
    values = {entry["name"]: entry.get("value") for entry in worker["env"]}
    assert values["KAFKA_TOPIC"] == f"{TOPIC}-1-produced"
    assert set(values) == {"POD_NAME", "KAFKA_TOPIC", "KAFKA_DEAD_LETTER_TOPIC"}


def test_nobody_takes_a_version_for_a_pod_of_the_pipeline() -> None:
    assert PIPELINE.component_of(version_pod(PROCESSOR, "apps:2", Place(TOPIC, 7), PIPELINE)) is None


def test_the_topic_is_filled_by_the_baseline() -> None:
    made = loader(PROCESSOR, LOAD)
    (container,) = made["spec"]["containers"]
    assert container["image"] == PROCESSOR["spec"]["template"]["spec"]["containers"][0]["image"]
    assert container["command"][-1] == "load"
    assert "initContainers" not in made["spec"]
