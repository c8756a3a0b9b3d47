"""A throwaway Kafka broker that a backup can be restored into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pipeline_services.clients.kafka_broker import KafkaBroker
from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.faults.journal import Journal
from pipeline_services.maintenance.kafka.broker import Broker
from pipeline_services.maintenance.throwaway import Recipe, running
from pipeline_services.model import roles
from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.waiting import wait_until

PORT: Final = 9092
READY_WITHIN_S: Final = 120.0
# Formats the empty volume and starts; everything listens on the loopback interface. Old records are kept as they are.
SCRIPT: Final = """set -eu
cat >/tmp/server.properties <<END
process.roles=broker,controller
node.id=0
controller.quorum.voters=0@localhost:9093
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://localhost:9093
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
log.dirs={mount}/log
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
log.retention.hours=-1
END
id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'ab' | tr -d '=')
kafka-storage.sh format --cluster-id "$id" --config /tmp/server.properties
exec kafka-server-start.sh /tmp/server.properties
"""


def recipe(pipeline: Pipeline) -> Recipe:
    """The pod of a throwaway broker."""
    part = pipeline[roles.KAFKA]
    script = SCRIPT.format(port=PORT, mount=part.mount)
    return Recipe(part, ["sh", "-c", script], {"KAFKA_HEAP_OPTS": "-Xms256m -Xmx256m"}, PORT)


@contextmanager
def throwaway_kafka(cluster: WritableCluster, pipeline: Pipeline, journal: Journal) -> Iterator[Broker]:
    """A new, empty broker within the block.

    Raises:
        WaitExpired: it did not answer in time.
        PipelineError: it could not be made.
    """
    with running(cluster, journal, recipe(pipeline)) as forward:

        def answers() -> bool:
            with KafkaBroker(forward.port) as broker:
                return broker.topics() == {}

        what = "the throwaway Kafka to answer"
        wait_until(answers, within=READY_WITHIN_S, what=what, every=1.0, retry_on=(ServiceUnreachable,))
        with Broker(forward.port) as broker:
            yield broker
