"""The one profile of a pipeline: who plays which role under which name, and what it promises.

It is read from a TOML file (``pipeline_services/pipelines/``) and handed in with the snapshot. Nothing binds a name of
it at import, so that one run can judge several pipelines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, TypeVar

from pipeline_services.model import foreign, roles
from pipeline_services.model.cluster_part import KINDS_OF_PARTS, ClusterPart
from pipeline_services.model.commands import fill
from pipeline_services.model.component import ESCALATIONS, Autoscaler, Component, Service
from pipeline_services.model.configuration import Config, Dashboard, Store, Topics
from pipeline_services.model.errors import NotApplicable, PreconditionNotMet
from pipeline_services.model.exemptions import Exemption
from pipeline_services.model.flows import ANY, Flow
from pipeline_services.model.levels import Levels
from pipeline_services.model.paths import PIPELINES
from pipeline_services.model.reading_identity import MessageFields
from pipeline_services.model.toml_table import dataclass_from, read_toml, require_one_of, table_of, texts_in

T = TypeVar("T")
DEPLOYMENT: Final = "Deployment"
STATEFUL_SET: Final = "StatefulSet"
DAEMON_SET: Final = "DaemonSet"
WORKLOADS: Final = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET)
PROMETHEUS: Final = "prometheus"
METRICS_API: Final = "metrics-api"
MEASURED_BY: Final = (PROMETHEUS, METRICS_API)
AT_LEAST_ONCE: Final = "at-least-once"
AT_MOST_ONCE: Final = "at-most-once"
DELIVERIES: Final = (AT_LEAST_ONCE, AT_MOST_ONCE)
OWN: Final = PIPELINES / "conveyor.toml"


@dataclass(frozen=True, eq=False)
class Pipeline:
    """A pipeline in one namespace. ``components`` stand in the order of findings: causes before what they affect.

    ``metrics``: name of each series by its meaning, such as ``produced``; a key metric that is made of one that is not
    there is not judged. ``series_label``: the label by which series of Prometheus say which workload they are of.
    ``usage``: who measures the containers: ``prometheus``, where it scrapes the kubelet, or ``metrics-api``.
    ``delivery``: what it promises of a reading that Kafka has acknowledged: ``at-least-once``, it is stored in the end,
    or ``at-most-once``, it may be lost on the way. ``queries``: PromQL of its own for a key metric, ``levels``: levels
    of its own, both by the metric's id. ``message``: what tells messages apart that are not the suite's own.
    ``exemptions``: what is known to fail, and is let pass until a day. ``deploy``: the command that restores it.
    ``manifests``: the folder in this checkout that declares its objects; empty where it is deployed from elsewhere, so
    that nothing can be compared with it. ``cluster``: the parts of the cluster itself that have to run, by name; none
    where nobody is to look at them.
    """

    name: str
    namespace: str
    components: Mapping[str, Component]
    flows: tuple[Flow, ...]
    topics: Topics
    store: Store
    config: Config
    metrics: Mapping[str, str] = field(default_factory=dict)
    dashboard: Dashboard = field(default_factory=Dashboard)
    series_label: str = "app"
    usage: str = PROMETHEUS
    delivery: str = AT_LEAST_ONCE
    queries: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, Levels] = field(default_factory=dict)
    message: MessageFields | None = None
    exemptions: tuple[Exemption, ...] = ()
    deploy: str = "make up"
    manifests: str = ""
    cluster: Mapping[str, ClusterPart] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path | None = None) -> Pipeline:
        """Read a profile; None means the suite's own pipeline, ``plain`` that of ``pipelines/plain.toml``.

        Raises:
            PreconditionNotMet: the file cannot be read, or has an unknown key or a bad value, which is named.
        """
        return _load(_file_of(path) if path else OWN)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Pipeline:
        """The profile that a TOML parser returned; raises as ``load`` does."""
        found = dataclass_from(cls, {**document, "components": _with_ids(document.get("components"))}, "pipeline")
        found._require_choices()
        found._require_known("config.settings", tuple(found.config.settings))
        for name, settings in found.config.config_maps.items():
            found._require_known(f"config.config_maps.{name}", tuple(settings))
        found._require_known("dashboard.datasources", tuple(found.dashboard.datasources))
        for part in found.components.values():
            found._require_sound(part)
        for flow in found.flows:
            ends = (flow.destination,) if flow.source == ANY else (flow.source, flow.destination)
            found._require_known("flows", ends)
        for name, basis in found.cluster.items():
            found._require_known(f"cluster.{name}.component", [basis.component])
            require_one_of(f"cluster.{name}.kind", basis.kind, KINDS_OF_PARTS)
        return found

    def document(self) -> dict[str, Any]:
        """What ``from_document`` reads as this profile; fit for JSON, in the order of the file."""
        document: dict[str, Any] = table_of(self)
        for table in document["components"].values():
            del table["id"]
        return document

    def _require_choices(self) -> None:
        require_one_of("usage", self.usage, MEASURED_BY)
        require_one_of("delivery", self.delivery, DELIVERIES)
        for one in (*((self.message,) if self.message else ()), *self.exemptions):
            one.require_sound()

    def _require_sound(self, part: Component) -> None:
        self._require_known(f"components.{part.id}.affects", part.affects)
        if part.workload:
            require_one_of(f"components.{part.id}.kind", part.kind, WORKLOADS)
        require_one_of(f"components.{part.id}.escalation", part.escalation, ESCALATIONS)
        try:
            fill(part.first_command, self)
        except ValueError as error:
            raise PreconditionNotMet(f"components.{part.id}.next_command: {error}") from error
        if part.volume and not part.mount:
            raise PreconditionNotMet(f"components.{part.id} has a volume and no mount: its path in the container")
        self._require_known(f"components.{part.id}.part_of", [part.part_of] if part.part_of else [])
        foreign.require_sound(part)

    def _require_known(self, where: str, ids: tuple[str, ...] | list[str]) -> None:
        for one in ids:
            require_one_of(where, one, self.components)

    def __getitem__(self, component: str) -> Component:
        """A component by its id. Raises NotApplicable where the profile does not have it."""
        if component not in self.components:
            raise NotApplicable(f"the profile of {self.name} has no component {component}")
        return self.components[component]

    def service(self, component: str) -> Service:
        """The Service of a component. Raises NotApplicable where the profile gives it none."""
        return self._given(component, self[component].service, "service")

    def autoscaler(self, component: str) -> Autoscaler:
        """The autoscaler of a component. Raises NotApplicable where the profile gives it none."""
        return self._given(component, self[component].autoscaler, "autoscaler")

    def _given(self, component: str, found: T | None, what: str) -> T:
        if found is None:
            raise NotApplicable(f"the profile of {self.name} gives {component} no {what}")
        return found

    @cached_property
    def workloads(self) -> Mapping[str, Component]:
        """The components that are workloads, by id."""
        return {part.id: part for part in self.components.values() if part.workload}

    def of_kind(self, kind: str) -> tuple[str, ...]:
        """The ids of the components whose workload is of that kind."""
        return tuple(part.id for part in self.workloads.values() if part.kind == kind)

    @cached_property
    def with_volume(self) -> tuple[str, ...]:
        """The components that keep data on a volume."""
        return tuple(part.id for part in self.workloads.values() if part.volume)

    @cached_property
    def reported(self) -> tuple[str, ...]:
        """The components that findings name: all but those that are a part of another."""
        return tuple(part.id for part in self.components.values() if not part.part_of)

    @cached_property
    def judged_workloads(self) -> tuple[str, ...]:
        """The components with a workload that findings name."""
        return tuple(name for name in self.workloads if name in self.reported)

    @cached_property
    def data_path(self) -> tuple[str, ...]:
        """The components that a reading passes through; the others only watch."""
        ends = {end for flow in self.flows if flow.carries_readings for end in (flow.source, flow.destination)}
        return tuple(name for name in self.workloads if name in ends)

    @cached_property
    def scraped(self) -> tuple[str, ...]:
        """The components of the data path that Prometheus scrapes."""
        return tuple(name for name in self.data_path if self.components[name].metrics_port)

    @cached_property
    def query_words(self) -> Mapping[str, str]:
        """What the placeholders of a query of Prometheus stand for.

        Each series by its meaning (``$produced``), the label that says whose a series is (``$app``), and the matchers
        for the series of a component (``$of_processor``) and of the whole data path (``$of_data_path``).
        """
        workloads = {part.id: part.workload for part in self.workloads.values()}
        on_path = "|".join(workloads[component] for component in self.data_path)
        return {
            **self.metrics,
            "app": self.series_label,
            "of_data_path": f'{self.series_label}=~"{on_path}"',
            **{f"of_{id_.replace('-', '_')}": f'{self.series_label}="{name}"' for id_, name in workloads.items()},
        }

    def parts_of(self, component: str) -> tuple[Component, ...]:
        """The workloads that findings about ``component`` cover: its own, then those that are a part of it."""
        return self._parts.get(component) or tuple(one for one in self.workloads.values() if one.id == component)

    @cached_property
    def _parts(self) -> Mapping[str, tuple[Component, ...]]:
        found: dict[str, tuple[Component, ...]] = {}
        for part in self.workloads.values():
            found[part.reports_to] = (*found.get(part.reports_to, ()), part)
        return found

    @cached_property
    def autoscalers(self) -> Mapping[str, str]:
        """Name of the autoscaler to the component that it scales."""
        return {part.autoscaler.name: part.id for part in self.components.values() if part.autoscaler}

    @property
    def cluster_parts(self) -> Mapping[str, str]:
        """Name of each part of the cluster itself to the component that findings about it name."""
        return {name: part.component for name, part in self.cluster.items()}

    @property
    def name_servers(self) -> Mapping[str, str]:
        """Those of them whose configuration says which names they answer."""
        return {name: part.component for name, part in self.cluster.items() if part.config_map}

    @property
    def scaled(self) -> tuple[str, ...]:
        """The components that an autoscaler scales."""
        return tuple(self.autoscalers.values())

    @cached_property
    def services(self) -> Mapping[str, str]:
        """Name of the Service to the component behind it."""
        return {part.service.name: part.id for part in self.workloads.values() if part.service}

    def component_of(self, pod: Mapping[str, Any]) -> Component | None:
        """The component whose selector matches the labels of a pod; None where none does."""
        return next((part for part in self.workloads.values() if part.owns(pod)), None)

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
        """Every name in the profile: none of them is a secret, whatever Secret holds the same word."""
        return frozenset(texts_in(self))


def _with_ids(table: object) -> object:
    if not isinstance(table, Mapping):
        return table
    return {key: {**value, "id": key} if isinstance(value, Mapping) else value for key, value in table.items()}


def _file_of(path: Path) -> Path:
    if path.suffix or path.exists():
        return path
    shipped = {file.stem: file for file in PIPELINES.glob("*.toml")}
    if path.name not in shipped:
        names = ", ".join(sorted(shipped))
        raise PreconditionNotMet(f"there is no profile {path}", next_step=f"name a file, or one of {names}")
    return shipped[path.name]


@cache
def _load(path: Path) -> Pipeline:
    try:
        return Pipeline.from_document(read_toml(path, "the profile of the pipeline"))
    except PreconditionNotMet as error:
        raise PreconditionNotMet(f"{path}: {error.message}", next_step=error.next_step) from error
