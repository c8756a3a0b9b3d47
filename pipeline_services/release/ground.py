"""Where versions are tried: beside the pipeline, with a topic, groups and buckets of their own, all journaled."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from pipeline_services.apps.load import Load
from pipeline_services.faults.journal import Call, Step
from pipeline_services.faults.model import Fault
from pipeline_services.faults.stores import Server, buckets_removed, topics_removed
from pipeline_services.model import roles
from pipeline_services.model.k8s import containers_of, name_of, spec_of, template_of
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.release.bench.manifests import LABELS, NAME, network_policies
from pipeline_services.release.bench.manifests import pod as bench_pod
from pipeline_services.release.rounds import VERSIONS

PRODUCING: Final = f"{NAME}-producer"
"""The name of the pod of a producer that runs alone."""
LIFETIME_S: Final = 3600.0
"""Seconds that all rounds may take together."""
_FREED_AT_ONCE: Final = {
    "MALLOC_ARENA_MAX": {"value": "1"},
    "MALLOC_MMAP_THRESHOLD_": {"value": "65536"},
    "MALLOC_TRIM_THRESHOLD_": {"value": "65536"},
}
"""The C library's allocator gives freed memory back at once. By itself it learns what to keep from the first sizes that
are freed, so that by chance one of two equal runs holds some MiB more."""

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """What one run of one version has to itself: run ``number`` of a validation whose readings lie in ``topic``."""

    topic: str
    number: int

    @property
    def name(self) -> str:
        """The group, the bucket and, before its ending, the dead-letter topic."""
        return f"{self.topic}-{self.number}"

    @property
    def produced(self) -> str:
        """The topic of a producer that runs alone."""
        return f"{self.name}-produced"


def ground(pipeline: Pipeline, topic: str, admin_token: str) -> Fault:
    """The change that lets pods of the benchmark in; its undo clears away whatever was made since.

    Args:
        topic: how the names of all that is made begin.
        admin_token: InfluxDB's operator's, which may delete buckets.
    """
    namespace, kind = pipeline.namespace, KINDS["NetworkPolicy"]
    policies = network_policies(pipeline)
    broker, store = Server.of(pipeline, roles.KAFKA), Server.of(pipeline, roles.INFLUXDB, admin_token)
    undo: list[Step] = [remove_pods(namespace)]
    undo += [Call("DELETE", kind.path(namespace, name_of(policy))) for policy in policies]
    undo += [topics_removed(broker, topic), buckets_removed(store, topic, pipeline.store.org)]
    return Fault(
        f"versions are tried beside the pipeline, as {NAME} with {topic}",
        [Call("POST", kind.path(namespace), policy) for policy in policies],
        undo,
        pods=(NAME, PRODUCING, *map(pod_of, VERSIONS)),
        lifetime_s=LIFETIME_S,
    )


def remove_pods(namespace: str, name: str = "") -> Call:
    """The step that deletes every pod of a trial at once, or the one of that name."""
    selectors = {"labelSelector": ",".join(f"{key}={value}" for key, value in LABELS.items())}
    selector = urlencode(selectors | ({"fieldSelector": f"metadata.name={name}"} if name else {}))
    body = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0}
    return Call("DELETE", f"{KINDS['Pod'].path(namespace)}?{selector}", body)


def loader(processor: Mapping[str, Any], load: Load) -> Manifest:
    """The pod that fills the topic once, in the baseline's image."""
    made = bench_pod(processor, load)
    spec = dict(spec_of(made))
    spec["containers"] = spec.pop("initContainers")
    return {**made, "spec": spec}


def pod_of(version: str) -> str:
    """The name of a version's pod in a pair of rounds."""
    return f"{NAME}-{version}"


def version_pod(
    processor: Mapping[str, Any], image: str, place: Place, pipeline: Pipeline, name: str = NAME
) -> Manifest:
    """A version's pod: the processor's as it is deployed, but for its image, what it reads and where it writes, and
    that its allocator keeps nothing.
    """
    config = pipeline.config
    own: dict[str, Manifest] = {
        "KAFKA_TOPIC": {"value": place.topic},
        "KAFKA_DEAD_LETTER_TOPIC": {"value": f"{place.name}-dead-letter"},
        "KAFKA_GROUP": {"value": place.name},
        "INFLUXDB_BUCKET": {"value": place.name},
        # The processor's own token writes the pipeline's bucket and no other.
        config.write_token.key: {"valueFrom": {"secretKeyRef": {"name": config.admin, "key": config.admin_keys.token}}},
        **_FREED_AT_ONCE,
    }
    return _beside(processor, image, own, name)


def producer_pod(producer: Mapping[str, Any], image: str, place: Place) -> Manifest:
    """The producer's pod as it is deployed, but for its image and where it writes."""
    dead_letters = {"value": f"{place.name}-dead-letter"}
    own = {"KAFKA_TOPIC": {"value": place.produced}, "KAFKA_DEAD_LETTER_TOPIC": dead_letters}
    return _beside(producer, image, own, PRODUCING)


def _beside(workload: Mapping[str, Any], image: str, own: Mapping[str, Manifest], name: str) -> Manifest:
    spec = dict(copy.deepcopy(spec_of(template_of(workload))))
    worker = containers_of({"spec": spec})[0]
    worker["image"] = image
    kept = [entry for entry in worker.get("env") or () if entry["name"] not in own]
    worker["env"] = [*kept, *({"name": name, **value} for name, value in own.items())]
    spec["restartPolicy"] = "Always"
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": LABELS}, "spec": spec}
