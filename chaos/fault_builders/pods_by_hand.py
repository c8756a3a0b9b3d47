"""Pods that somebody made by hand, and that no workload knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chaos.fault_builders.common import fault_builder, own_broker, own_service, require_partitions, workload_path
from pipeline_services.clients.kafka_broker import KafkaBroker
from pipeline_services.faults import objects, stores
from pipeline_services.faults.model import Fault, Proof
from pipeline_services.model import roles
from pipeline_services.model.k8s import containers_of, spec_of, template_of

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

LOAD_TEST: Final = "load-test"
IN_THEIR_IMAGE: Final = "nobody knows which client of Kafka is in their image"
FLOODED_BYTES: Final = 10_000_000
# Arguments: the broker's address, the topic. A file of the topic is deleted long before the disk is full.
_FLOOD: Final = """
import os, sys, threading
from kafka import KafkaAdminClient, KafkaProducer
address, topic = sys.argv[1:]
kept = {"retention.bytes": "67108864", "segment.bytes": "16777216"}
with KafkaAdminClient(bootstrap_servers=address) as admin:
    if topic not in admin.list_topics():
        admin.create_topics({topic: {"num_partitions": 1, "replication_factor": 1, "configs": kept}})
flood, message = KafkaProducer(bootstrap_servers=address, max_request_size=1_100_000), os.urandom(1_000_000)
while True:
    flood.send(topic, message)
    threading.Event().wait(0.2)
"""
SESSION_S: Final = 180
# Arguments: the broker's address, the topic, the group. A static member keeps its place until its session ends.
_MEMBER: Final = f"""
import sys
from kafka import KafkaConsumer
address, topic, group = sys.argv[1:]
member = KafkaConsumer(
    topic, bootstrap_servers=address, group_id=group, group_instance_id="processor-before", enable_auto_commit=False,
    session_timeout_ms={SESSION_S * 1_000}, heartbeat_interval_ms=1_000,
)
while True:
    member.poll(timeout_ms=200)
"""


@fault_builder
def stranger(pipeline: SteadyPipeline, component: str) -> Fault:
    """A pod that somebody made by hand carries a component's labels, so that its Service leads there as well."""
    own = pipeline.description[component]
    few = {"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"memory": "32Mi"}}
    made = made_by_hand(pipeline, "debug", own.selector, ["sleep", "infinity"], few)
    connectivity, service = pipeline.connectivity(), own.service.name if own.service else ""
    return made.proved(
        Proof(f"{service} to lead to two pods", lambda: connectivity.ready_endpoints(service) == 2, within=60.0),
        Proof(f"{service} to lead to one pod", lambda: connectivity.ready_endpoints(service) == 1, within=60.0),
    )


def flooding_client(pipeline: SteadyPipeline) -> Fault:
    """A pod that somebody made by hand for a load test, with the producer's label, so that policies let it through. It
    sends the broker messages of 1 MB, five a second, to a topic of its own."""
    broker = own_service(pipeline, roles.KAFKA)
    words = ["python3", "-c", _FLOOD, f"{broker.name}:{broker.port}", LOAD_TEST]
    much = {"requests": {"cpu": "60m", "memory": "64Mi"}, "limits": {"cpu": "300m", "memory": "192Mi"}}
    made = made_by_hand(pipeline, LOAD_TEST, pipeline.description[roles.PRODUCER].selector, words, much)

    def large() -> bool:
        with KafkaBroker(pipeline.probes.kafka_forward.port) as asked:
            return asked.sizes().get(LOAD_TEST, 0) > FLOODED_BYTES

    def there() -> bool:
        with KafkaBroker(pipeline.probes.kafka_forward.port) as asked:
            return LOAD_TEST in asked.topics()

    return replace(made, undo=[*made.undo, stores.topic_removed(own_broker(pipeline), LOAD_TEST)]).proved(
        Proof(f"the topic {LOAD_TEST} to be large", large, within=60.0),
        Proof(f"pod and topic {LOAD_TEST} to be gone", lambda: made.gone and made.gone.holds() and not there(), 60.0),
    )


def member_left_behind(pipeline: SteadyPipeline) -> Fault:
    """A pod joins the processors' group under a name of its own and is gone: the broker keeps its place, with half of
    the partitions, until its session ends."""
    require_partitions(pipeline)
    broker, topics = own_service(pipeline, roles.KAFKA), pipeline.description.topics
    words = ["python3", "-c", _MEMBER, f"{broker.name}:{broker.port}", topics.readings, topics.group]
    few = {"requests": {"cpu": "20m", "memory": "48Mi"}, "limits": {"memory": "128Mi"}}
    made = made_by_hand(pipeline, "processor-before", pipeline.description[roles.PRODUCER].selector, words, few)

    def held() -> bool:
        with KafkaBroker(pipeline.probes.kafka_forward.port) as asked:
            members = asked.group(topics.group)["members"]
        own = {str(pod.get("status", {}).get("podIP")) for pod in pipeline.cluster.list("pods") if is_own(pod)}
        return any(one["host"] not in own and one["partitions"] for one in members)

    def is_own(pod: Mapping[str, Any]) -> bool:
        return pipeline.description[roles.PROCESSOR].owns(pod)

    return replace(made, follow_up=made.undo).proved(
        Proof("another member to hold partitions", held, within=60.0),
        Proof("the processors to hold all partitions", lambda: not held(), within=SESSION_S + 60.0),
    )


def made_by_hand(
    pipeline: SteadyPipeline,
    name: str,
    labels: Mapping[str, str],
    words: list[str],
    resources: Mapping[str, Any],
    *,
    priority_class: str = "",
) -> Fault:
    """A pod that no workload makes, from the producer's image and with its rights."""
    template = template_of(pipeline.api.call("GET", workload_path(pipeline, roles.PRODUCER)))
    image = containers_of(template)[0]
    container = {
        "name": name,
        "image": image["image"],
        "command": words,
        "securityContext": image.get("securityContext") or {},
        "resources": resources,
    }
    spec = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "securityContext": spec_of(template).get("securityContext") or {},
        "containers": [container],
        **({"priorityClassName": priority_class} if priority_class else {}),
    }
    return objects.created(pipeline.api, "Pod", name, pipeline.namespace, labels=labels, spec=spec)
