"""Faults in where the data is: topics and buckets that are not where they should be, or keep it otherwise."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chaos.fault_builders.common import fault_builder, own_broker, writes_fail
from chaos.fault_builders.observability import Rewrite, rewritten
from pipeline_services.clients.kafka_broker import KafkaBroker
from pipeline_services.faults import storage, stores
from pipeline_services.faults.journal import Call, Step
from pipeline_services.faults.model import Fault, Proof
from pipeline_services.model import roles
from pipeline_services.model.commands import fill
from pipeline_services.model.errors import NotApplicable
from pipeline_services.model.pipeline import PROMETHEUS

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

WRONG_PORT: Final = 9192


@fault_builder
def topic_deleted(pipeline: SteadyPipeline, placeholder: str) -> Fault:
    """A topic is gone, with all that was in it. ``placeholder``: for its name, as ``commands.fill`` takes it."""
    topic, partitions = fill(placeholder, pipeline.description), pipeline.description.topics.partitions
    if pipeline.description.topics.made_by_use:
        raise NotApplicable(f"topics of {pipeline.description.name} are made by their first use: one is back at once")

    def whole() -> bool:
        with KafkaBroker(pipeline.probes.kafka_forward.port) as broker:
            return len(broker.topics().get(topic, ())) >= partitions

    back = Proof(f"the topic {topic} to have {partitions} partitions", whole, within=40.0)
    return stores.topic_deleted(own_broker(pipeline), topic, partitions).proved(gone=back)


@fault_builder
def topic_set(pipeline: SteadyPipeline, /, placeholder: str, **values: str) -> Fault:
    """A topic has settings of its own.

    Args:
        placeholder: for its name, as ``commands.fill`` takes it.
        values: what it is set to, with ``_`` for the dots of a setting's name.
    """
    topic, own = fill(placeholder, pipeline.description), {k.replace("_", "."): v for k, v in values.items()}

    def holds(in_force: bool) -> bool:
        with KafkaBroker(pipeline.probes.kafka_forward.port) as broker:
            found = broker.settings([topic])[topic]
        return all((found[key] == {"value": value, "own": True}) == in_force for key, value in own.items())

    return stores.topic_set(own_broker(pipeline), topic, own).proved(
        Proof(f"{topic} to have settings of its own", lambda: holds(True), within=30.0),
        Proof(f"{topic} to have the broker's settings", lambda: holds(False), within=30.0),
    )


def clients_limited(pipeline: SteadyPipeline) -> Fault:
    """The broker gives every client a hundred bytes a second, as a slip in the unit does."""

    def there() -> bool:
        with KafkaBroker(pipeline.probes.kafka_forward.port) as broker:
            return bool(broker.quotas())

    limit = {"consumer_byte_rate": "100"}
    return stores.clients_limited(own_broker(pipeline), limit).proved(
        Proof("the broker to have a quota", there, within=30.0),
        Proof("the broker to have no quota", lambda: not there(), within=30.0),
    )


@fault_builder
def brokers_set(pipeline: SteadyPipeline, /, **values: str) -> Fault:
    """Somebody sets something of the brokers at run time, with ``_`` for the dots of a setting's name."""
    wanted = {key.replace("_", "."): value for key, value in values.items()}

    def there() -> bool:
        with KafkaBroker(pipeline.probes.kafka_forward.port) as broker:
            found = {one["key"]: one["value"] for one in broker.set_at_run_time()}
        return wanted.items() <= found.items()

    return stores.brokers_set(own_broker(pipeline), wanted).proved(
        Proof("the broker to say so", there, within=30.0),
        Proof("the broker to go by its file", lambda: not there(), within=30.0),
    )


def of_another_file(pipeline: SteadyPipeline) -> Fault:
    """The broker was started with fewer threads, by a file that is put right as soon as it works so; nobody starts it
    again."""
    config_map, key, threads = f"{pipeline.description[roles.KAFKA].workload}-config", "num.io.threads", "3"
    summary = f"Kafka was started with {key}={threads}"
    fault = rewritten(roles.KAFKA, config_map, "server.properties", _sets(key, threads), summary=summary)(pipeline)

    def works_so() -> bool:
        with KafkaBroker(pipeline.probes.kafka_forward.port) as broker:
            return (key, threads) in {(one["key"], one["value"]) for one in broker.read_at_start()}

    put_back: list[Step] = [step for step in fault.undo if isinstance(step, Call) and step.method == "PATCH"]
    return replace(fault, follow_up=put_back).proved(Proof(summary, works_so, within=60.0))


def told_where_nobody_is(pipeline: SteadyPipeline) -> Fault:
    """The broker tells its clients an address where nobody listens; who asks it first still reaches it."""
    part = pipeline.description[roles.KAFKA]
    file, summary = "server.properties", f"Kafka tells its clients the port {WRONG_PORT}"
    build = rewritten(roles.KAFKA, f"{part.workload}-config", file, _advertises(WRONG_PORT), summary=summary)

    def tells() -> bool:
        with KafkaBroker(pipeline.probes.kafka_forward.port) as broker:
            return any(address.endswith(f":{WRONG_PORT}") for address in broker.addresses())

    return build(pipeline).proved(Proof(f"Kafka to tell the port {WRONG_PORT}", tells, within=60.0))


def _sets(key: str, value: str) -> Rewrite:
    """Kafka's file with another value of one setting."""
    return lambda text, _pipeline: re.sub(rf"(?m)^{re.escape(key)}=.*$", f"{key}={value}", text)


def _advertises(port: int) -> Rewrite:
    """Kafka's file with another port in what clients are told."""
    return lambda text, _pipeline: re.sub(r"(?m)^(advertised\.listeners=.*):\d+$", rf"\g<1>:{port}", text)


def volume_full(pipeline: SteadyPipeline) -> Fault:
    """InfluxDB's volume has no room left."""
    if pipeline.description.usage != PROMETHEUS:
        raise NotApplicable(f"nobody measures the volumes of {pipeline.description.name}")
    refused = writes_fail(pipeline, "server-error")
    return storage.volume_full(pipeline.api, pipeline.description[roles.INFLUXDB], pipeline.namespace, refused)
