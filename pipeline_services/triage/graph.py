"""Who suffers when something fails: from the cause down to its symptoms. And in which order causes are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from pipeline_services.model import roles

ORDER: Final = (
    *("node", "storage", "config", "network", "dns"),
    *(roles.KAFKA, roles.INFLUXDB, roles.PRODUCER, roles.PROCESSOR),
    *("hpa", roles.PROMETHEUS, roles.LOKI, roles.GRAFANA),
)
"""The components, upstream first."""
SUFFERS: Final[Mapping[str, tuple[str, ...]]] = {
    roles.KAFKA: (roles.PRODUCER, roles.PROCESSOR),
    roles.INFLUXDB: (roles.PROCESSOR, roles.GRAFANA),
    roles.PRODUCER: (roles.INFLUXDB, roles.GRAFANA),
    roles.PROCESSOR: (roles.INFLUXDB, roles.GRAFANA),
    roles.PROMETHEUS: (roles.GRAFANA,),
    roles.LOKI: (roles.GRAFANA,),
    "dns": (roles.PRODUCER, roles.PROCESSOR, roles.PROMETHEUS, roles.GRAFANA, roles.LOKI),
    "node": (
        *(roles.KAFKA, roles.INFLUXDB, roles.PRODUCER, roles.PROCESSOR),
        *("hpa", "storage", roles.PROMETHEUS, roles.LOKI, roles.GRAFANA),
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
            if component != roles.INFLUXDB or component in components:
                left += SUFFERS.get(component, ())
    return frozenset(found)


def rank(component: str) -> int:
    """The place of a component in the order of telling."""
    return ORDER.index(component) if component in ORDER else len(ORDER)


def by_rank(components: Iterable[str]) -> list[str]:
    """Components, upstream first."""
    return sorted(components, key=rank)
