"""Kafka or InfluxDB in a namespace of others: an address that clients are told and that names another namespace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.discover import wording
from pipeline_services.discover.facts import Facts
from pipeline_services.discover.namespace import Namespace, Workload
from pipeline_services.model.k8s import Setting

_ADDRESS: Final = re.compile(
    r"(?:(?P<scheme>https?)://)?(?P<name>[\w-]+)\.(?P<namespace>[\w-]+)\.svc(?:\.[\w.-]+)?:(?P<port>\d+)/?"
)


@dataclass(frozen=True, slots=True)
class Shared:
    """A Service of another namespace, whom it was told and by what.

    Attributes:
        role: what it is for, by the name of the setting.
        scheme: of its URL, empty where the address has none.
    """

    role: str
    client: Workload
    setting: Setting
    name: str
    namespace: str
    port: int
    scheme: str

    @property
    def text(self) -> str:
        """The address as the client is told it."""
        return self.setting.value.strip()

    def facts(self) -> Facts:
        """What a profile says of it."""
        facts, table = Facts(), f"components/{self.role}"
        service: dict[str, Any] = {"name": self.name, "port": self.port}
        facts.found(table, "namespace", self.namespace, self.setting.by)
        facts.found(table, "service", service | ({"scheme": self.scheme} if self.scheme else {}), self.setting.by)
        by = f"the labels of its pods stand in the namespace {self.namespace}"
        facts.to_fill_in(table, "selector", by, {"app": self.name})
        return facts


def told_shared(namespace: Namespace) -> Iterator[Shared]:
    """Every such address that a workload is told."""
    for workload in namespace.workloads:
        for setting in workload.variables:
            found = _ADDRESS.fullmatch(setting.value.strip())
            if found is None or found["namespace"] == namespace.snapshot.namespace:
                continue
            for role, words in wording.LEADS_TO.items():
                if words.search(setting.name):
                    where = found["name"], found["namespace"], int(found["port"]), found["scheme"] or ""
                    yield Shared(role, workload, setting, *where)
                    break
