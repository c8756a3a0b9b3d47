"""A conveyor's speed, once a second, into Kafka. What cannot be sent within ten seconds is dropped."""

import json
import logging
import os
import random
import time
from datetime import UTC, datetime

from kafka import KafkaProducer
from kafka.errors import KafkaError
from prometheus_client import Counter, start_http_server

METRICS_PORT = 8000
INTERVAL_S = 1.0
SEND_WITHIN_S = 10.0
CONNECT_AGAIN_AFTER_S = 5.0
USUAL_SPEED = 1.5  # metres a second

log = logging.getLogger("producer")
sent = Counter("producer_messages_sent", "Messages that Kafka acknowledged")
failed = Counter("producer_messages_failed", "Messages that were dropped")


def connect() -> KafkaProducer:
    """A client of the broker, however long that takes to come up."""
    while True:
        try:
            return KafkaProducer(
                bootstrap_servers=os.environ["KAFKA_BROKER"],
                enable_idempotence=False,
                max_block_ms=int(SEND_WITHIN_S * 1000),
                delivery_timeout_ms=int(SEND_WITHIN_S * 1000),
                request_timeout_ms=int(SEND_WITHIN_S * 500),
            )
        except KafkaError as error:
            log.warning("no broker yet: %s", error)
            time.sleep(CONNECT_AGAIN_AFTER_S)


def measured(speed: float) -> dict[str, object]:
    """One message."""
    return {
        "timestamp": datetime.now(UTC).isoformat(timespec="microseconds"),
        "conveyor_id": os.environ["CONVEYOR_ID"],
        "speed_ms": round(speed, 3),
        "state": "running" if speed > 0.1 else "stopped",
        "metadata": {"pod_name": os.environ.get("POD_NAME", ""), "sensor": "encoder"},
    }


def main() -> None:
    """Measure and send for ever. Nobody handles SIGTERM, which the first process of a container then ignores."""
    start_http_server(METRICS_PORT)
    client, topic, speed = connect(), os.environ["KAFKA_TOPIC"], USUAL_SPEED
    log.info("sends to %s", topic)
    while True:
        speed += random.uniform(-0.05, 0.05) + 0.1 * (USUAL_SPEED - speed)
        try:
            client.send(topic, json.dumps(measured(speed)).encode()).get(timeout=SEND_WITHIN_S)
            sent.inc()
        except KafkaError as error:
            failed.inc()
            log.error("Error sending message: %s", error)
        time.sleep(INTERVAL_S)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s - %(levelname)s - %(message)s")
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    main()
