"""The benchmark's half that runs in the cluster: ``load`` fills a topic, ``drain`` lets the processor empty it.

Settings as the apps'; besides BENCH_READINGS, BENCH_PRODUCER_ID, BENCH_START_NS. Each prints one JSON object last.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from prometheus_client import CollectorRegistry

from pipeline_services.apps import json_log
from pipeline_services.apps.config import ConfigError, KafkaConfig, processor_config, producer_config
from pipeline_services.apps.health import Heart
from pipeline_services.apps.kafka_link import COMMON, build_producer, discard
from pipeline_services.apps.load import TOPIC_PREFIX, Load
from pipeline_services.apps.processor import assemble
from pipeline_services.apps.stopping import Stop
from pipeline_services.model.message import encode

ON_THEIR_WAY = 10_000  # readings sent before their acknowledgements are looked at
ACKNOWLEDGED_WITHIN = 120.0  # seconds
LOOK_EVERY = 0.02  # seconds
DRAINED_WITHIN = 600.0  # seconds


def load(kafka: KafkaConfig, what: Load) -> dict[str, Any]:
    """Send all of it and look at every acknowledgement. What earlier runs left behind is deleted first.

    Raises:
        KafkaError: one was not acknowledged.
    """
    remove_topics(kafka)
    producer = build_producer(kafka)
    began, acknowledged = time.monotonic(), 0
    futures: list[Any] = []
    try:
        for reading in what:
            futures.append(producer.send(kafka.topic, value=encode(reading), key=reading.device_id.encode()))
            if len(futures) == ON_THEIR_WAY:
                acknowledged += _acknowledged(futures)
                futures = []
        acknowledged += _acknowledged(futures)
    finally:
        discard(producer)
    return {"acknowledged": acknowledged, "seconds": round(time.monotonic() - began, 3)}


def _acknowledged(futures: Sequence[Any]) -> int:
    return len([future.get(timeout=ACKNOWLEDGED_WITHIN) for future in futures])


def drain(expected: int) -> dict[str, Any]:
    """Run the processor until so many readings are stored, and say how fast it was from the first batch on.

    Raises:
        ConfigError: a setting is missing or wrong.
    """
    stop, registry = Stop().on_signals(), CollectorRegistry()
    config = processor_config(os.environ)
    processor = assemble(config, stop, Heart(), registry)
    result: dict[str, Any] = {}

    def watch() -> None:
        result.update(_watched(registry, expected))
        stop.request()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    processor.run()
    watcher.join()
    remove_topics(config.kafka)
    return result


def _watched(registry: CollectorRegistry, expected: int) -> dict[str, Any]:
    pause = threading.Event()
    deadline = time.monotonic() + DRAINED_WITHIN
    first: tuple[float, float, float] | None = None
    while True:
        now, cpu = time.monotonic(), time.process_time()
        written = registry.get_sample_value("conveyor_readings_written_total") or 0.0
        if first is None and written:
            first = (now, cpu, written)
        if written >= expected or now >= deadline:
            began, cpu_began, counted = first or (now, cpu, written)
            seconds, cpu_seconds = now - began, cpu - cpu_began
            return {
                "written": int(written),
                "seconds": round(seconds, 3),
                "cpu_seconds": round(cpu_seconds, 3),
                "per_second": round((written - counted) / seconds) if seconds else 0,
            }
        pause.wait(LOOK_EVERY)


def remove_topics(kafka: KafkaConfig) -> None:
    """Delete every topic and group of a benchmark."""
    with KafkaAdminClient(bootstrap_servers=list(kafka.brokers), **COMMON) as admin:
        topics = [topic for topic in admin.list_topics() if topic.startswith(TOPIC_PREFIX)]
        if topics:
            admin.delete_topics(topics)
        groups = [group["group_id"] for group in admin.list_groups() if group["group_id"].startswith(TOPIC_PREFIX)]
        if groups:
            admin.delete_groups(groups)


def main(arguments: Sequence[str]) -> int:
    """``load`` or ``drain``; 0 when it could be done."""
    try:
        what = Load(
            os.environ["BENCH_PRODUCER_ID"], int(os.environ["BENCH_READINGS"]), int(os.environ["BENCH_START_NS"])
        )
        if list(arguments) == ["load"]:
            result = load(producer_config(os.environ).kafka, what)
        else:
            json_log.set_up()
            result = drain(what.readings)
    except (ConfigError, KafkaError, KeyError, ValueError) as error:
        result = {"failed": f"{type(error).__name__}: {error}"}
    print(json.dumps(result), flush=True)
    return 1 if "failed" in result else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
