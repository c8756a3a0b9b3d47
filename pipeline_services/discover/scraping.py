"""Which port of each workload Prometheus scrapes, and by which label its series say whose they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from pipeline_services.discover.namespace import Namespace, Workload
from pipeline_services.model import roles
from pipeline_services.model.k8s import labels_of, name_of, status_of

_ANNOTATIONS: Final = "prometheus.io"
_METRICS_PORTS: Final = re.compile(r"metrics|prom")
_OWN_SERIES: Final[Mapping[str, int]] = {
    roles.INFLUXDB: 8086,
    roles.PROMETHEUS: 9090,
    roles.GRAFANA: 3000,
    roles.LOKI: 3100,
}
"""Where servers give their series that have no port for them alone."""
_KUBELET: Final = 10_250
_API_SERVER: Final = 6_443


@dataclass(frozen=True, slots=True)
class Port:
    """A port that is scraped, and what it was found, or guessed, by."""

    number: int
    by: str
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Scraping:
    """What Prometheus is set up to scrape. Whether it succeeds is not looked at.

    Attributes:
        ports: by role. label: of the series, with what it was found by.
        node_ports: those outside the pods' network that it asks, with why.
        asked: Prometheus itself said what it scrapes; else its files do.
    """

    ports: Mapping[str, Port]
    label: tuple[str, str]
    node_ports: tuple[Port, ...]
    asked: bool = False

    @classmethod
    def of(cls, namespace: Namespace, workloads: Mapping[str, Workload]) -> Scraping:
        """Of the workloads by their roles; nothing is scraped where nothing plays Prometheus."""
        if roles.PROMETHEUS not in workloads:
            return cls({}, ("", ""), ())
        targets = namespace.listed("prometheus_targets")
        known = _targets_of(namespace, targets, workloads)
        found = {
            role: port
            for role, workload in workloads.items()
            if (
                port := known.get(role)
                or _annotated(workload)
                or _named(workload)
                or _mentioned(role, workload, workloads)
            )
        }
        beyond = _beyond(targets, workloads[roles.PROMETHEUS])
        return cls(found, _label(targets, workloads), beyond, bool(targets))

    @property
    def measures_containers(self) -> bool:
        """Whether the kubelet, which knows of all containers, is among what it asks."""
        return any(port.number == _KUBELET for port in self.node_ports)

    def port(self, role: str) -> Port | None:
        """The port of a role that is scraped."""
        return self.ports.get(role)


def _targets_of(
    namespace: Namespace, targets: Iterable[Mapping[str, Any]], workloads: Mapping[str, Workload]
) -> dict[str, Port]:
    pods = namespace.listed("pods")
    known = {
        key: labels_of(pod) for pod in pods for key in (name_of(pod), str(status_of(pod).get("podIP") or name_of(pod)))
    }
    found: dict[str, Port] = {}
    for target in targets:
        url = urlsplit(str(target.get("scrapeUrl") or ""))
        port, labels = url.port, known.get(str(target["labels"].get("pod")), known.get(url.hostname or "", {}))
        for role, workload in workloads.items():
            if port and labels and workload.selector.items() <= labels.items():
                found.setdefault(role, Port(port, f"a target of Prometheus, {target.get('scrapePool', 'of its')}"))
    return found


def _annotated(workload: Workload) -> Port | None:
    noted = workload.annotations
    port = noted.get(f"{_ANNOTATIONS}/port", "")
    if noted.get(f"{_ANNOTATIONS}/scrape") != "true" or not port.isdigit():
        return None
    return Port(int(port), f"annotation {_ANNOTATIONS}/port of {workload}")


def _named(workload: Workload) -> Port | None:
    for port, name in workload.ports.items():
        if _METRICS_PORTS.search(name):
            return Port(port, f"the name of port {name} of {workload}", guessed=True)
    return None


def _mentioned(role: str, workload: Workload, workloads: Mapping[str, Workload]) -> Port | None:
    """What Prometheus' own files name gives its series on the usual port, or on the only one that it has."""
    number = _OWN_SERIES.get(role) or (next(iter(workload.ports)) if len(workload.ports) == 1 else 0)
    names = re.compile(rf"(?<![\w-]){re.escape(workload.name)}(?![\w-])")
    for file in workloads[roles.PROMETHEUS].files:
        if number and "scrape_configs" in file.value and names.search(file.value):
            return Port(number, f"{file.by} names {workload.name}", guessed=True)
    return None


def _label(targets: Iterable[Mapping[str, Any]], workloads: Mapping[str, Workload]) -> tuple[str, str]:
    """The label of targets whose value is most often the name of a workload."""
    names = {one.name for one in workloads.values()}
    counted = Counter(
        label for one in targets for label, value in one["labels"].items() if value in names and label != "job"
    )
    return (counted.most_common(1)[0][0], "the labels of Prometheus' targets") if counted else ("", "")


def _beyond(targets: Iterable[Mapping[str, Any]], prometheus: Workload) -> tuple[Port, ...]:
    ports = {urlsplit(str(one.get("scrapeUrl") or "")).port for one in targets if not one["labels"].get("pod")}
    found = [Port(_KUBELET, "a target of Prometheus")] if _KUBELET in ports else []
    settings = [one for one in prometheus.told if "kubernetes_sd_configs" in one.value]
    if settings:
        found.insert(0, Port(_API_SERVER, f"kubernetes_sd_configs in {settings[0].by}", guessed=True))
    if settings and not ports and any(re.search(r"role:\s*node\b", one.value) for one in settings):
        found.append(Port(_KUBELET, f"role: node in {settings[0].by}", guessed=True))
    return tuple(found)
