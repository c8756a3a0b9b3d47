"""Fill a topic for the benchmark: ``python -m pipeline_services.apps.bench_load``, settings as the producer's.

Sends BENCH_READINGS readings of one life as fast as Kafka takes them, each looked at, and prints one JSON object:
``{"producer_id", "devices", "readings", "acknowledged", "seconds"}``. Reading n is sequence n // devices of device
n % devices, with a value and a time that follow from n, so that everyone can tell what must be stored.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator

from kafka.errors import KafkaError

from pipeline_services.apps.config import ConfigError, producer_config
from pipeline_services.apps.kafka_link import build_producer, discard
from pipeline_services.message import Reading, encode

AT_ONCE = 10_000  # readings on their way at a time


def readings(producer_id: str, devices: int, count: int, start_ns: int) -> Iterator[Reading]:
    """The benchmark's readings, one microsecond apart from ``start_ns`` on."""
    for number in range(count):
        device, sequence = number % devices, number // devices
        value = round(1.5 + (number % 1_000) / 1_000, 4)
        yield Reading(producer_id, f"conveyor-{device:02d}", sequence, start_ns + number * 1_000, value)


def load(producer_id: str, count: int, start_ns: int) -> dict[str, object]:
    """Send them all and wait for every acknowledgement.

    Raises:
        ConfigError: a setting is missing or wrong.
        KafkaError: one was not acknowledged.
    """
    config = producer_config(os.environ)
    producer = build_producer(config.kafka)
    began = time.monotonic()
    acknowledged = 0
    futures = []
    for reading in readings(producer_id, config.devices, count, start_ns):
        futures.append(producer.send(config.kafka.topic, value=encode(reading), key=reading.device_id.encode()))
        if len(futures) >= AT_ONCE:
            acknowledged += sum(1 for future in futures if future.get(timeout=60))
            futures = []
    acknowledged += sum(1 for future in futures if future.get(timeout=60))
    seconds = time.monotonic() - began
    discard(producer)
    return {
        "producer_id": producer_id,
        "devices": config.devices,
        "readings": count,
        "acknowledged": acknowledged,
        "seconds": round(seconds, 3),
    }


def main() -> int:
    """0 when all are acknowledged."""
    try:
        count, start_ns = int(os.environ["BENCH_READINGS"]), int(os.environ["BENCH_START_NS"])
        result = load(os.environ["BENCH_PRODUCER_ID"], count, start_ns)
    except (ConfigError, KafkaError, KeyError, ValueError) as error:
        print(json.dumps({"failed": f"{type(error).__name__}: {error}"}), flush=True)
        return 1
    print(json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
