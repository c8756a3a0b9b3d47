"""Speeds from Kafka into InfluxDB, one write for each message. A write that fails is logged, and not tried again.

Offsets are committed by the client every five seconds, whatever became of the messages; a group without offsets begins
with what is sent from then on.
"""

import json
import logging
import os
import time
from collections import deque
from statistics import fmean

from influxdb_client import InfluxDBClient, Point
from influxdb_client.client.write_api import SYNCHRONOUS, WriteApi
from influxdb_client.rest import ApiException
from kafka import KafkaConsumer
from kafka.errors import KafkaError
from prometheus_client import Counter, Histogram, start_http_server
from urllib3.exceptions import HTTPError

METRICS_PORT = 8000
CONNECT_AGAIN_AFTER_S = 5.0
WRITE_WITHIN_MS = 5_000
FAST = 2.5  # metres a second

log = logging.getLogger("processor")
consumed = Counter("processor_messages_consumed", "Messages taken from Kafka")
processed = Counter("processor_messages_processed_success", "Messages that were stored")
failures = Counter("processor_messages_processed_failed", "Messages that were given up")
writes = Counter("processor_influxdb_writes", "Points that InfluxDB acknowledged")
write_errors = Counter("processor_influxdb_write_errors", "Writes that failed")
duration = Histogram("processor_message_processing_duration_seconds", "From taken to stored or given up")


def connect() -> KafkaConsumer:
    """A member of the group, however long the broker takes to come up."""
    while True:
        try:
            return KafkaConsumer(
                os.environ["KAFKA_TOPIC"],
                bootstrap_servers=os.environ["KAFKA_BROKER"],
                group_id=os.environ["KAFKA_CONSUMER_GROUP"],
                enable_auto_commit=True,
                auto_offset_reset="latest",
                metadata_max_age_ms=10_000,
                value_deserializer=lambda value: json.loads(value.decode()),
            )
        except KafkaError as error:
            log.warning("no broker yet: %s", error)
            time.sleep(CONNECT_AGAIN_AFTER_S)


def point_of(message: dict[str, object], window: deque[float]) -> Point:
    """What is stored of a message."""
    speed = float(message["speed_ms"])
    window.append(speed)
    return (
        Point("conveyor_speed")
        .tag("conveyor_id", message["conveyor_id"])
        .tag("state", message["state"])
        .tag("alert_level", "high" if speed > FAST else "normal")
        .field("speed_ms", speed)
        .field("speed_kmh", speed * 3.6)
        .field("rolling_average", fmean(window))
        .time(message["timestamp"])
    )


def store(writer: WriteApi, point: Point) -> None:
    """Write a point; a failure is counted and logged, and that is all."""
    try:
        writer.write(os.environ["INFLUXDB_BUCKET"], os.environ["INFLUXDB_ORG"], point)
        writes.inc()
        processed.inc()
    except (ApiException, HTTPError, OSError) as error:
        write_errors.inc()
        failures.inc()
        log.error("Error writing to InfluxDB: %s", " ".join(str(error).split()))


def main() -> None:
    """Take messages for ever; one that is no JSON ends the process."""
    start_http_server(METRICS_PORT)
    window: deque[float] = deque(maxlen=int(os.environ["WINDOW_SIZE"]))
    store_client = InfluxDBClient(
        os.environ["INFLUXDB_URL"],
        os.environ["INFLUXDB_TOKEN"],
        org=os.environ["INFLUXDB_ORG"],
        timeout=WRITE_WITHIN_MS,
    )
    writer = store_client.write_api(write_options=SYNCHRONOUS)
    consumer = connect()
    log.info("reads %s", os.environ["KAFKA_TOPIC"])
    for message in consumer:
        with duration.time():
            consumed.inc()
            store(writer, point_of(message.value, window))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s - %(levelname)s - %(message)s")
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    main()
