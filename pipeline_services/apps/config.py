"""What the apps are told through the environment, read once at the start and refused in one clear line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


class ConfigError(Exception):
    """A setting is missing or cannot be right. The message names it and never shows a secret's value."""


@dataclass(frozen=True, slots=True)
class KafkaConfig:
    """Where the readings travel. ``brokers`` are ``host:port``."""

    brokers: tuple[str, ...]
    topic: str
    dead_letter_topic: str
    partitions: int
    group: str

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """The brokers as (host, port)."""
        return [(host, int(port)) for host, _, port in (broker.rpartition(":") for broker in self.brokers)]


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """Where the readings are kept. ``ca_file`` is what the server's certificate is verified against."""

    url: str
    org: str
    bucket: str
    ca_file: str | None
    token: str = field(repr=False)

    @property
    def host(self) -> str:
        """The host's name in the URL."""
        return urlsplit(self.url).hostname or ""


@dataclass(frozen=True, slots=True)
class ProducerConfig:
    """``rate`` is in readings per second over all ``devices``; ``max_unacknowledged`` caps what is kept in memory."""

    kafka: KafkaConfig
    rate: float
    devices: int
    max_unacknowledged: int
    port: int
    looked_up: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProcessorConfig:
    """What the processor needs to know. ``batch`` is the most readings of one write."""

    kafka: KafkaConfig
    store: StoreConfig
    batch: int
    port: int
    looked_up: tuple[str, ...]


def producer_config(env: Mapping[str, str]) -> ProducerConfig:
    """Read the producer's settings. Raises ConfigError naming the first setting that is missing or wrong."""
    kafka = _kafka(env)
    store_host = urlsplit(env.get("INFLUXDB_URL", "")).hostname
    return ProducerConfig(
        kafka=kafka,
        rate=_number(env, "PRODUCER_RATE", 20, low=0.1, high=50_000),
        devices=int(_number(env, "PRODUCER_DEVICES", 10, low=1, high=10_000)),
        max_unacknowledged=int(_number(env, "PRODUCER_MAX_UNACKNOWLEDGED", 10_000, low=1, high=1_000_000)),
        port=_port(env),
        looked_up=_names(kafka, store_host),
    )


def processor_config(env: Mapping[str, str]) -> ProcessorConfig:
    """Read the processor's settings. Raises ConfigError naming the first setting that is missing or wrong."""
    kafka, store = _kafka(env), _store(env)
    return ProcessorConfig(
        kafka=kafka,
        store=store,
        batch=int(_number(env, "PROCESSOR_BATCH", 2_000, low=1, high=10_000)),
        port=_port(env),
        looked_up=_names(kafka, store.host),
    )


def _names(kafka: KafkaConfig, store_host: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*(host for host, _ in kafka.addresses), *([store_host] if store_host else [])]))


def _kafka(env: Mapping[str, str]) -> KafkaConfig:
    brokers = tuple(part.strip() for part in _text(env, "KAFKA_BROKER").split(","))
    for broker in brokers:
        host, _, port = broker.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise ConfigError(f"KAFKA_BROKER: {broker!r} is not host:port")
    return KafkaConfig(
        brokers=brokers,
        topic=_text(env, "KAFKA_TOPIC"),
        dead_letter_topic=_text(env, "KAFKA_DEAD_LETTER_TOPIC"),
        partitions=int(_number(env, "KAFKA_PARTITIONS", 6, low=1, high=1_000)),
        group=_text(env, "KAFKA_GROUP", "data-processor-group"),
    )


def _store(env: Mapping[str, str]) -> StoreConfig:
    url = _text(env, "INFLUXDB_URL")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(f"INFLUXDB_URL: {url!r} is not an http(s) URL")
    ca_file = env.get("INFLUXDB_CA") or None
    if ca_file and not Path(ca_file).is_file():
        raise ConfigError(f"INFLUXDB_CA: there is no file {ca_file}")
    return StoreConfig(
        url=url,
        org=_text(env, "INFLUXDB_ORG"),
        bucket=_text(env, "INFLUXDB_BUCKET"),
        ca_file=ca_file,
        token=_text(env, "INFLUXDB_TOKEN").strip(),
    )


def _text(env: Mapping[str, str], name: str, default: str = "") -> str:
    value = env.get(name, default).strip()
    if not value:
        raise ConfigError(f"{name} is not set")
    return value


def _number(env: Mapping[str, str], name: str, default: float, *, low: float, high: float) -> float:
    text = env.get(name, "").strip() or str(default)
    try:
        number = float(text)
    except ValueError:
        raise ConfigError(f"{name}: {text!r} is not a number") from None
    if not low <= number <= high:
        raise ConfigError(f"{name}: {text} is not between {low:g} and {high:g}")
    return number


def _port(env: Mapping[str, str]) -> int:
    return int(_number(env, "METRICS_PORT", 8_000, low=0, high=65_535))
