"""What the components of a pipeline are set up with: topics, bucket, ConfigMap and Secrets, the dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Topics:
    """Kafka's side: the topic of the readings, the topic of what cannot be read, and the group that consumes.

    ``dead_letters``: empty where nothing is set aside. ``made_by_use``: whether the broker makes a topic when somebody
    first asks for it. ``tools``: how the names of Kafka's own commands end in the broker's container. ``settings``:
    what has to be in force for both topics, whether it is the topic's own or the broker's.
    """

    readings: str
    partitions: int
    group: str
    dead_letters: str = ""
    tools: str = ".sh"
    made_by_use: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def least_partitions(self) -> Mapping[str, int]:
        """Each topic with the least number of partitions that it must have."""
        return {self.readings: self.partitions, **({self.dead_letters: 1} if self.dead_letters else {})}

    @property
    def partition_numbers(self) -> list[int]:
        """Every partition of the readings' topic."""
        return list(range(self.partitions))


MAPPING: Final = "v1 dbrp"
"""What the command influx calls a mapping of a database of InfluxQL to a bucket."""


@dataclass(frozen=True, slots=True)
class Store:
    """InfluxDB's side: where readings are stored. ``value``: a field that every stored reading has.

    ``retention_s``: the seconds for which the bucket keeps them; 0: nothing is said of that.
    """

    org: str
    bucket: str
    measurement: str
    value: str = "value"
    retention_s: int = 0


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A key of a Secret."""

    secret: str
    key: str


@dataclass(frozen=True, slots=True)
class AdminKeys:
    """Under which keys the Secret of the store's administrator holds what."""

    username: str = "username"
    password: str = "password"
    token: str = "token"


@dataclass(frozen=True, slots=True)
class Config:
    """ConfigMaps and Secrets.

    Attributes:
        config_map: the one that the apps share, and ``settings``: what it has to say, by the component that each
            setting leads to. config_maps: the same of every further ConfigMap, by its name.
        load: what ``config_map`` says beside when it is deployed: what the producer makes. Other numbers are as right.
        positive: the settings of ``config_map`` that have to be numbers above 0.
        secrets: every Secret of the pipeline with the keys that it must hold.
        tls: the Secret with the store's certificate; empty where the store speaks plain HTTP. ca: its key with the
            certificate of who vouches for that; a certificate that signed itself vouches for itself.
        admin: the Secret with the store's administrator.
    """

    secrets: Mapping[str, tuple[str, ...]]
    write_token: SecretKey
    read_token: SecretKey
    config_map: str = ""
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    config_maps: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    load: Mapping[str, str] = field(default_factory=dict)
    positive: tuple[str, ...] = ("PRODUCER_RATE", "PRODUCER_DEVICES")
    tls: str = ""
    ca: str = "ca.crt"
    admin: str = ""
    admin_keys: AdminKeys = field(default_factory=AdminKeys)

    @property
    def by_config_map(self) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
        """What each ConfigMap has to say, by the component that each setting leads to."""
        return {**({self.config_map: self.settings} if self.config_map else {}), **self.config_maps}

    def keys_of(self, config_map: str) -> frozenset[str]:
        """The keys that a ConfigMap is known to have."""
        known = {key for settings in self.by_config_map[config_map].values() for key in settings}
        return frozenset(known | self.load.keys() if config_map == self.config_map else known)

    @property
    def configured(self) -> tuple[str, ...]:
        """The components that settings lead to."""
        return tuple(dict.fromkeys(part for settings in self.by_config_map.values() for part in settings))

    @property
    def admin_token(self) -> SecretKey:
        """Where the token of the store's administrator is, which may do everything there."""
        return SecretKey(self.admin, self.admin_keys.token)

    @property
    def tokens(self) -> Mapping[str, SecretKey]:
        """The store's tokens, by the source of a snapshot that says whether each is accepted."""
        return {"influxdb_token": self.write_token, "influxdb_read_token": self.read_token}

    @property
    def rotated(self) -> tuple[str, ...]:
        """The Secrets whose values are renewed every quarter (section 5)."""
        named = (self.write_token.secret, self.read_token.secret, self.admin)
        return tuple(dict.fromkeys(name for name in named if name))


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Grafana's dashboard: its panels by id, and the data source of each component that has one.

    ``admin``: the Secret with Grafana's administrator.
    """

    title: str = ""
    uid: str = ""
    admin: str = ""
    panels: Mapping[int, str] = field(default_factory=dict)
    datasources: Mapping[str, str] = field(default_factory=dict)
