"""A namespace as discovery looks at it: its workloads with all that they are told, its Services, its Secrets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline_services.model.k8s import (
    K8sObject,
    Reference,
    Setting,
    annotations_of,
    command_lines_of,
    containers_of,
    data_of,
    files_of,
    is_headless,
    labels_of,
    name_of,
    ports_listened_on,
    ports_of,
    secret_variables_of,
    selector_of,
    spec_of,
    template_of,
    variables_of,
)
from pipeline_services.model.kinds import WORKLOAD_KINDS
from pipeline_services.snapshot.redaction import REDACTED
from pipeline_services.snapshot.snapshot import Snapshot


@dataclass(frozen=True, slots=True, eq=False)
class Workload:
    """A Deployment, StatefulSet or DaemonSet, and what its containers are told.

    Attributes:
        variables: their environment. files: what they mount from ConfigMaps. lines: their command lines.
        secrets: the variables that come from Secrets.
    """

    kind: str
    name: str
    item: K8sObject
    variables: tuple[Setting, ...]
    files: tuple[Setting, ...]
    lines: tuple[Setting, ...]
    secrets: tuple[tuple[str, Reference], ...]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def template(self) -> K8sObject:
        return template_of(self.item)

    @property
    def labels(self) -> Mapping[str, str]:
        return labels_of(self.template)

    @property
    def selector(self) -> Mapping[str, str]:
        """The labels by which it knows its pods."""
        selector: Mapping[str, str] = (spec_of(self.item).get("selector") or {}).get("matchLabels") or self.labels
        return selector

    @property
    def annotations(self) -> Mapping[str, str]:
        return annotations_of(self.template)

    @property
    def containers(self) -> Sequence[K8sObject]:
        return containers_of(self.template)

    @property
    def ports(self) -> dict[int, str]:
        """The ports that its containers declare, each with its name."""
        return {port: name for one in self.containers for port, name in ports_listened_on(one).items()}

    @property
    def told(self) -> Iterator[Setting]:
        """Everything that its containers are told."""
        yield from (*self.variables, *self.files, *self.lines)


@dataclass(frozen=True, slots=True)
class Namespace:
    """What there is in a namespace. A list that could not be read is empty here."""

    snapshot: Snapshot
    workloads: tuple[Workload, ...]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Namespace:
        """The namespace that a snapshot shows. Raises PipelineError where its workloads could not be read."""
        maps = {name_of(item): _readable(data_of(item)) for item in cls(snapshot, ()).listed("configmaps")}
        found = [_workload(kind.name, item, maps) for kind in WORKLOAD_KINDS for item in snapshot.data(kind.source)]
        return cls(snapshot, tuple(sorted(found, key=lambda one: (one.kind, one.name))))

    def listed(self, source: str) -> list[Any]:
        """The list ``source`` of the snapshot; empty where it could not be read."""
        return list(self.snapshot.data_or(source, ()))

    def services_of(self, workload: Workload, *, headless: bool) -> list[K8sObject]:
        """The Services that lead to its pods, with an address of their own or without one."""
        return [
            one
            for one in self.listed("services")
            if selector_of(one) and selector_of(one).items() <= workload.labels.items() and is_headless(one) == headless
        ]

    def secret_keys(self) -> dict[str, tuple[str, ...]]:
        """The keys of each Secret by its name; those that Kubernetes and Helm keep for themselves are left out."""
        return {
            str(one["name"]): tuple(one["keys"])
            for one in self.listed("secrets")
            if one["type"] in ("Opaque", "kubernetes.io/tls", "kubernetes.io/basic-auth")
        }


def port_of_pod(service_port: K8sObject, workload: Workload) -> int:
    """The port of the pods that a port of a Service leads to."""
    own = int(service_port["port"])
    target = service_port.get("targetPort") or own
    named = {name: port for port, name in workload.ports.items()}
    return named.get(target, own) if isinstance(target, str) else int(target)


def first_port(service: K8sObject, preferred: Iterable[int]) -> K8sObject | None:
    """The port of a Service that is one of the preferred, else its first; None where it has none."""
    ports = ports_of(service)
    return next((one for one in ports if one["port"] in preferred), next(iter(ports), None))


def _workload(kind: str, item: K8sObject, config_maps: Mapping[str, Mapping[str, str]]) -> Workload:
    template = template_of(item)
    return Workload(
        kind,
        name_of(item),
        item,
        tuple(variables_of(template, config_maps)),
        tuple(files_of(template, config_maps)),
        tuple(command_lines_of(template)),
        tuple(secret_variables_of(template)),
    )


def _readable(values: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in values.items() if value != REDACTED}
