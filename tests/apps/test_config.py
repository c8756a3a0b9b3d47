"""A wrong setting is refused in one line that names it, and a secret never shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_services.apps.config import ConfigError, processor_config, producer_config

GOOD = {
    "KAFKA_BROKER": "kafka-service:9092",
    "KAFKA_TOPIC": "t",
    "KAFKA_DEAD_LETTER_TOPIC": "d",
    "INFLUXDB_URL": "https://influxdb-service:8086",
    "INFLUXDB_ORG": "o",
    "INFLUXDB_BUCKET": "b",
    "INFLUXDB_TOKEN": "a-secret-token\n",
}


def test_good_settings() -> None:
    producer, processor = producer_config(GOOD), processor_config(GOOD)
    assert producer.kafka.addresses == [("kafka-service", 9092)]
    assert (producer.rate, producer.devices, producer.port) == (20, 10, 8000)
    assert producer.looked_up == processor.looked_up == ("kafka-service", "influxdb-service")
    assert processor.store.token == "a-secret-token"


def test_the_token_is_in_no_repr() -> None:
    assert "a-secret-token" not in repr(processor_config(GOOD))


def test_several_brokers() -> None:
    config = producer_config(GOOD | {"KAFKA_BROKER": "a:1, b:2"})
    assert config.kafka.addresses == [("a", 1), ("b", 2)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"KAFKA_BROKER": ""}, "KAFKA_BROKER is not set"),
        ({"KAFKA_BROKER": "kafka-service"}, "KAFKA_BROKER: 'kafka-service' is not host:port"),
        ({"KAFKA_BROKER": "kafka:99999"}, "KAFKA_BROKER: 'kafka:99999' is not host:port"),
        ({"KAFKA_TOPIC": " "}, "KAFKA_TOPIC is not set"),
        ({"KAFKA_PARTITIONS": "six"}, "KAFKA_PARTITIONS: 'six' is not a number"),
        ({"INFLUXDB_URL": "influxdb-service:8086"}, "INFLUXDB_URL: 'influxdb-service:8086' is not an http(s) URL"),
        ({"INFLUXDB_TOKEN": "\n"}, "INFLUXDB_TOKEN is not set"),
        ({"INFLUXDB_CA": "/nowhere/ca.crt"}, "INFLUXDB_CA: there is no file /nowhere/ca.crt"),
    ],
    ids=str,
)
def test_wrong_settings(change: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        processor_config(GOOD | change)
    assert str(caught.value) == message


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "1e9"])
def test_rates_out_of_range(rate: str) -> None:
    with pytest.raises(ConfigError, match="PRODUCER_RATE"):
        producer_config(GOOD | {"PRODUCER_RATE": rate})


def test_the_ca_file(tmp_path: Path) -> None:
    ca = tmp_path / "ca.crt"
    ca.touch()
    assert processor_config(GOOD | {"INFLUXDB_CA": str(ca)}).store.ca_file == str(ca)
