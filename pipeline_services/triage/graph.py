"""Who suffers when something fails: from the cause down to its symptoms. And in which order causes are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from pipeline_services.model import names

ORDER: Final = (
    *("node", "storage", "config", "network", "dns"),
    *(names.KAFKA, names.INFLUXDB, names.PRODUCER, names.PROCESSOR),
    *("hpa", names.PROMETHEUS, names.LOKI, names.GRAFANA),
)
"""The components, upstream first."""
SUFFERS: Final[Mapping[str, tuple[str, ...]]] = {
    names.KAFKA: (names.PRODUCER, names.PROCESSOR),
    names.INFLUXDB: (names.PROCESSOR, names.GRAFANA),
    names.PRODUCER: (names.INFLUXDB, names.GRAFANA),
    names.PROCESSOR: (names.INFLUXDB, names.GRAFANA),
    names.PROMETHEUS: (names.GRAFANA,),
    names.LOKI: (names.GRAFANA,),
    "dns": (names.PRODUCER, names.PROCESSOR, names.PROMETHEUS, names.GRAFANA, names.LOKI),
    "node": (
        *(names.KAFKA, names.INFLUXDB, names.PRODUCER, names.PROCESSOR),
        *("hpa", "storage", names.PROMETHEUS, names.LOKI, names.GRAFANA),
    ),
}
"""The components whose checks may fail for the first one's sake. InfluxDB counts what reaches it, so it is at the end
of the path as well as in it; that it never takes a producer or a processor down with it is what the order says."""


def affected(*components: str) -> frozenset[str]:
    """The components, and all that suffer from them in turn."""
    found: set[str] = set()
    left = list(components)
    while left:
        component = left.pop()
        if component not in found:
            found.add(component)
            if component != names.INFLUXDB or component in components:
                left += SUFFERS.get(component, ())
    return frozenset(found)


def rank(component: str) -> int:
    """The place of a component in the order of telling."""
    return ORDER.index(component) if component in ORDER else len(ORDER)


def by_rank(components: Iterable[str]) -> list[str]:
    """Components, upstream first."""
    return sorted(components, key=rank)
