"""The one description of a pipeline: who plays which role under which name, and what it promises.

It is read from a TOML file (``pipeline_services/pipelines/``) and handed in with the snapshot. Nothing binds a name of
it at import, so that one run can judge several pipelines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

from pipeline_services.model import roles
from pipeline_services.model.component import Autoscaler, Component, Service
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.flows import ANY, Flow
from pipeline_services.model.paths import PIPELINES
from pipeline_services.model.toml_table import dataclass_from, read_toml, table_of

DEPLOYMENT: Final = "Deployment"
STATEFUL_SET: Final = "StatefulSet"
DAEMON_SET: Final = "DaemonSet"
OWN: Final = PIPELINES / "conveyor.toml"


@dataclass(frozen=True, slots=True)
class Topics:
    """Kafka's side: the topic of the readings, the topic of what cannot be read, and the group that consumes."""

    readings: str
    partitions: int
    dead_letters: str
    group: str

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
    """ConfigMap and Secrets. ``secrets``: every Secret of the pipeline with the keys that it must hold."""

    config_map: str
    settings: Mapping[str, Mapping[str, str]]
    secrets: Mapping[str, tuple[str, ...]]
    write_token: SecretKey
    read_token: SecretKey
    tls: str
    admin: str

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


@dataclass(frozen=True, eq=False)
class Pipeline:
    """A pipeline in one namespace. ``components`` stand in the order of findings: causes before what they affect.

    ``metrics``: name of each series by its meaning, such as ``produced``.
    """

    name: str
    namespace: str
    components: Mapping[str, Component]
    flows: tuple[Flow, ...]
    topics: Topics
    store: Store
    config: Config
    metrics: Mapping[str, str]
    dashboard: Dashboard

    @classmethod
    def load(cls, path: Path | None = None) -> Pipeline:
        """Read a description; None means the suite's own pipeline.

        Raises:
            PreconditionNotMet: the file cannot be read, or has an unknown key or a bad value, which is named.
        """
        return _load(path or OWN)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Pipeline:
        """The description that a TOML parser returned; raises as ``load`` does."""
        found = dataclass_from(cls, {**document, "components": _with_ids(document.get("components"))}, "pipeline")
        for part in found.components.values():
            found._require_known(f"components.{part.id}.affects", part.affects)
            found._require_known(f"components.{part.id}.part_of", [part.part_of] if part.part_of else [])
        for flow in found.flows:
            ends = (flow.destination,) if flow.source == ANY else (flow.source, flow.destination)
            found._require_known("flows", ends)
        return found

    def document(self) -> dict[str, Any]:
        """What ``from_document`` reads as this description; fit for JSON, in the order of the file."""
        document: dict[str, Any] = table_of(self)
        for table in document["components"].values():
            del table["id"]
        return document

    def _require_known(self, where: str, ids: tuple[str, ...] | list[str]) -> None:
        for one in ids:
            if one not in self.components:
                raise PreconditionNotMet(f"{where}: {one!r} is none of {', '.join(self.components)}")

    def __getitem__(self, component: str) -> Component:
        return self.components[component]

    def service(self, component: str) -> Service:
        """The Service of a component that has one.

        Raises:
            PreconditionNotMet: the description gives it none.
        """
        service = self.components[component].service
        if service is None:
            raise PreconditionNotMet(f"the description of {self.name} gives {component} no service")
        return service

    def autoscaler(self, component: str) -> Autoscaler:
        """The autoscaler of a component that has one.

        Raises:
            PreconditionNotMet: the description gives it none.
        """
        autoscaler = self.components[component].autoscaler
        if autoscaler is None:
            raise PreconditionNotMet(f"the description of {self.name} gives {component} no autoscaler")
        return autoscaler

    @cached_property
    def workloads(self) -> Mapping[str, Component]:
        """The components that are workloads, by id."""
        return {part.id: part for part in self.components.values() if part.workload}

    def of_kind(self, kind: str) -> tuple[str, ...]:
        """The ids of the components whose workload is of that kind."""
        return tuple(part.id for part in self.workloads.values() if part.kind == kind)

    @cached_property
    def reported(self) -> tuple[str, ...]:
        """The components that findings name: all but those that are a part of another."""
        return tuple(part.id for part in self.components.values() if not part.part_of)

    @cached_property
    def judged_workloads(self) -> tuple[str, ...]:
        """The components with a workload that findings name."""
        return tuple(name for name in self.workloads if name in self.reported)

    def parts_of(self, component: str) -> tuple[Component, ...]:
        """The workloads that findings about ``component`` cover: its own, then those that are a part of it."""
        return tuple(part for part in self.workloads.values() if part.reports_to == component)

    @cached_property
    def autoscalers(self) -> Mapping[str, str]:
        """Name of the autoscaler to the component that it scales."""
        return {part.autoscaler.name: part.id for part in self.components.values() if part.autoscaler}

    @property
    def scaled(self) -> tuple[str, ...]:
        """The components that an autoscaler scales."""
        return tuple(self.autoscalers.values())

    @cached_property
    def services(self) -> Mapping[str, str]:
        """Name of the Service to the component behind it."""
        return {part.service.name: part.id for part in self.components.values() if part.service}

    def component_of(self, labels: Mapping[str, str] | None) -> Component | None:
        """The component whose selector matches a pod's labels; None where none does."""
        return next((part for part in self.workloads.values() if part.owns(labels)), None)

    def rank(self, component: str) -> int:
        """The place of a component in the order of findings; unknown ones come last."""
        order = tuple(self.components)
        return order.index(component) if component in order else len(order)

    def affected_by(self, *components: str) -> frozenset[str]:
        """The components, and all that they affect in turn.

        The store counts what reaches it, so it stands at the end of the path too: it passes nothing on from there.
        """
        found: set[str] = set()
        left = list(components)
        while left:
            one = left.pop()
            if one not in found:
                found.add(one)
                if one != roles.INFLUXDB or one in components:
                    left += self.components[one].affects if one in self.components else ()
        return frozenset(found)

    def public_values(self) -> frozenset[str]:
        """Every name in the description: none of them is a secret, whatever Secret holds the same word."""
        return frozenset(_texts(self))


def _with_ids(table: object) -> object:
    if not isinstance(table, Mapping):
        return table
    return {key: {**value, "id": key} if isinstance(value, Mapping) else value for key, value in table.items()}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(key)
            yield from _texts(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _texts(inner)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from _texts(getattr(value, name))


@cache
def _load(path: Path) -> Pipeline:
    try:
        return Pipeline.from_document(read_toml(path, "the description of the pipeline"))
    except PreconditionNotMet as error:
        raise PreconditionNotMet(f"{path}: {error.message}", next_step=error.next_step) from error
