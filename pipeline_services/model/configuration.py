"""What the components of a pipeline are set up with: topics, bucket, ConfigMap and Secrets, the dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Topics:
    """Kafka's side: the topic of the readings, the topic of what cannot be read, and the group that consumes.

    ``settings``: what has to be in force for both topics, whether it is the topic's own or the broker's.
    """

    readings: str
    partitions: int
    dead_letters: str
    group: str
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def least_partitions(self) -> Mapping[str, int]:
        """Each topic with the least number of partitions that it must have."""
        return {self.readings: self.partitions, self.dead_letters: 1}

    @property
    def partition_numbers(self) -> list[int]:
        """Every partition of the readings' topic."""
        return list(range(self.partitions))


@dataclass(frozen=True, slots=True)
class Store:
    """InfluxDB's side: where readings are stored."""

    org: str
    bucket: str
    measurement: str


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A key of a Secret."""

    secret: str
    key: str


@dataclass(frozen=True, slots=True)
class Config:
    """ConfigMap and Secrets.

    Attributes:
        settings: what the ConfigMap has to say, by the component that each setting leads to.
        secrets: every Secret of the pipeline with the keys that it must hold.
        load: what the ConfigMap says beside when it is deployed: what the producer makes. Other numbers are as right.
    """

    config_map: str
    settings: Mapping[str, Mapping[str, str]]
    secrets: Mapping[str, tuple[str, ...]]
    write_token: SecretKey
    read_token: SecretKey
    tls: str
    admin: str
    load: Mapping[str, str] = field(default_factory=dict)

    @property
    def tokens(self) -> Mapping[str, SecretKey]:
        """The store's tokens, by the source of a snapshot that says whether each is accepted."""
        return {"influxdb_token": self.write_token, "influxdb_read_token": self.read_token}

    @property
    def rotated(self) -> tuple[str, ...]:
        """The Secrets whose values are renewed every quarter (section 5)."""
        return (self.write_token.secret, self.read_token.secret, self.admin)


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Grafana's dashboard: its panels by id, and the data source of each component that has one.

    ``admin``: the Secret with Grafana's administrator.
    """

    title: str
    uid: str
    admin: str
    panels: Mapping[int, str]
    datasources: Mapping[str, str]
