"""Who is told to connect to whom: every address of a role's Service in what the other workloads are told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline_services.discover.namespace import Namespace, Workload, port_of_pod
from pipeline_services.discover.outside import port_of, told_outside
from pipeline_services.discover.shared import told_shared
from pipeline_services.model import roles
from pipeline_services.model.k8s import K8sObject, Setting, name_of, ports_of


@dataclass(frozen=True, slots=True)
class Address:
    """Where a workload is told to connect to.

    Attributes:
        role: whose Service it is, or Kafka outside the cluster. port: of the pods behind the Service, or what is told.
        text: as it is told, ``https://db:8086``.
        by: where that stands.
    """

    role: str
    port: int
    text: str
    by: str

    @property
    def scheme(self) -> str:
        """``https`` of ``https://db:8086``; empty where the address has none."""
        return self.text.partition("://")[0] if "://" in self.text else ""


@dataclass(frozen=True, slots=True)
class Connections:
    """The addresses that each workload is told, by its name."""

    _of: Mapping[Workload, Mapping[str, Address]]

    @classmethod
    def between(cls, namespace: Namespace, servers: Mapping[str, Workload]) -> Connections:
        """Those to the Services of ``servers``, which are workloads by their roles; the first of each counts."""
        found: dict[Workload, dict[str, Address]] = {one: {} for one in namespace.workloads}
        for role, server in servers.items():
            for service in (
                *namespace.services_of(server, headless=False),
                *namespace.services_of(server, headless=True),
            ):
                for client in namespace.workloads:
                    address = next(_addresses(client, role, service, server), None)
                    if client is not server and address:
                        found[client].setdefault(role, address)
        for client, setting in told_outside(namespace) if roles.KAFKA not in servers else ():
            found[client][roles.KAFKA] = Address(roles.KAFKA, port_of(setting.value), setting.value, setting.by)
        for one in told_shared(namespace):
            if one.role not in servers:
                found[one.client].setdefault(one.role, Address(one.role, one.port, one.text, one.setting.by))
        return cls(found)

    def of(self, workload: Workload) -> Mapping[str, Address]:
        """The addresses that a workload is told, by the role that they lead to."""
        return self._of[workload]

    def to(self, role: str) -> Iterator[tuple[Workload, Address]]:
        """The workloads whose settings name a role's address."""
        return ((workload, known[role]) for workload, known in self._of.items() if role in known)


def _addresses(client: Workload, role: str, service: K8sObject, server: Workload) -> Iterator[Address]:
    name = name_of(service)
    host = rf"(?:[\w-]+\.)?{re.escape(name)}(?:\.[\w-]+(?:\.svc(?:\.[\w.-]+)?)?)?"
    with_port = re.compile(rf"(?<![\w.-])(?:(?P<scheme>https?)://)?{host}:(?P<port>\d+)")
    in_url = re.compile(rf"(?P<scheme>https?)://{host}(?=[/\"'\s]|$)")
    ports = {int(one["port"]): port_of_pod(one, server) for one in ports_of(service)}
    for setting in (one for one in client.told if name in one.value):
        for found in with_port.finditer(setting.value):
            if int(found["port"]) in ports:
                yield _address(role, ports[int(found["port"])], found, setting)
        alone = re.fullmatch(host, setting.value.strip()) if ports else None
        for found in (*in_url.finditer(setting.value), *([alone] if alone else ())):
            yield _address(role, next(iter(ports.values())), found, setting)


def _address(role: str, port: int, found: re.Match[str], setting: Setting) -> Address:
    return Address(role, port, found[0], setting.by)
