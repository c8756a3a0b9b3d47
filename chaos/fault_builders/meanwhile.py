"""What this process does while a fault lasts: messages that cannot be right, and a member that takes partitions.

It ends with this process, so the journal has nothing to undo.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import cycle
from typing import TYPE_CHECKING, Final

from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError

from chaos.fault_builders.common import fault_builder, require_partitions, with_own_apps
from pipeline_services.apps.kafka_link import COMMON, PRODUCER, discard
from pipeline_services.apps.sensors import Sensor
from pipeline_services.clients.kafka_broker import through
from pipeline_services.experiment.scenario import FaultBuilder
from pipeline_services.faults.model import Fault
from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.model.message import encode
from pipeline_services.model.periodic import PeriodicCalls

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

TICK_S: Final = 0.2
LATE_NS: Final = 2 * 3_600 * 10**9
Message = Callable[[], bytes]


def no_change(summary: str) -> FaultBuilder:
    """No change of the cluster: all of the fault is what is done meanwhile."""
    return lambda _pipeline: Fault(summary, [])


def messages(summary: str) -> FaultBuilder:
    """``no_change``: meanwhile messages are sent."""
    return with_own_apps(no_change(summary), "they read other messages than the suite sends")


@fault_builder
def partitions_shared(pipeline: SteadyPipeline, summary: str) -> Fault:
    """``no_change``: meanwhile another takes its share of the partitions."""
    require_partitions(pipeline)
    return no_change(summary)(pipeline)


def poison(rate: float) -> Callable[[SteadyPipeline], AbstractContextManager[object]]:
    """Messages that are no readings, so many a second."""
    return _sending(lambda: lambda: b"\x00 no reading " + uuid.uuid4().bytes, rate)


def late_clock(rate: float) -> Callable[[SteadyPipeline], AbstractContextManager[object]]:
    """Good readings of a producer whose clock is two hours late, so many a second."""

    def make() -> Message:
        life = uuid.uuid4().hex
        made = [
            Sensor(life, f"conveyor-{number:02d}", clock_ns=lambda: time.time_ns() - LATE_NS) for number in range(4)
        ]
        turn = cycle(made)
        return lambda: encode(next(turn).read())

    return _sending(make, rate)


def _sending(make: Callable[[], Message], rate: float) -> Callable[[SteadyPipeline], AbstractContextManager[object]]:
    @contextmanager
    def running(pipeline: SteadyPipeline) -> Iterator[None]:
        try:
            link = KafkaProducer(**PRODUCER | through(pipeline.probes.kafka_forward.port))
        except KafkaError as error:
            raise ServiceUnreachable(f"Kafka takes nothing from here: {error}") from error
        message, topic = make(), pipeline.description.topics.readings

        def send() -> None:
            for _ in range(max(1, round(rate * TICK_S))):
                link.send(topic, value=message())

        try:
            with _repeated(send):
                yield
        finally:
            discard(link)

    return running


@contextmanager
def idle_member(pipeline: SteadyPipeline) -> Iterator[None]:
    """One more member of the processors' group, which takes its share of the partitions and does nothing with it."""
    topics = pipeline.description.topics
    try:
        member = KafkaConsumer(
            topics.readings,
            group_id=topics.group,
            enable_auto_commit=False,
            session_timeout_ms=6_000,
            heartbeat_interval_ms=1_000,
            **COMMON | through(pipeline.probes.kafka_forward.port),
        )
    except KafkaError as error:
        raise ServiceUnreachable(f"Kafka lets nobody join from here: {error}") from error
    try:
        with _repeated(lambda: member.poll(timeout_ms=100)):
            yield
    finally:
        member.close(autocommit=False, timeout_ms=4_000)


@contextmanager
def _repeated(work: Callable[[], object]) -> Iterator[None]:
    """Do ``work`` again and again in the background; what went wrong in it is raised at the end."""
    errors: list[KafkaError] = []

    def attempt() -> None:
        try:
            work()
        except KafkaError as error:
            errors.append(error)

    calls = PeriodicCalls()
    calls.add("meanwhile", attempt, TICK_S)
    with calls:
        yield
    if errors:
        raise ServiceUnreachable(f"{len(errors)} times Kafka refused: {errors[-1]}")
