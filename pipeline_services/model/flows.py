"""Who may connect to whom inside the namespace: the matrix that scenarios try out and checks read policies by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

from pipeline_services.model import roles

SOURCES: Final = (roles.PRODUCER, roles.PROCESSOR, roles.KAFKA, roles.INFLUXDB, roles.PROMETHEUS, roles.LOKI)
DESTINATIONS: Final = {
    roles.KAFKA: 9092,
    roles.INFLUXDB: 8086,
    roles.PROMETHEUS: 9090,
    roles.LOKI: 3100,
    roles.PRODUCER: 8000,
    roles.PROCESSOR: 8000,
}
ALLOWED: Final = frozenset(
    {
        (roles.PRODUCER, roles.KAFKA),
        (roles.PROCESSOR, roles.KAFKA),
        (roles.PROCESSOR, roles.INFLUXDB),
        (roles.PROMETHEUS, roles.PRODUCER),
        (roles.PROMETHEUS, roles.PROCESSOR),
        (roles.PROMETHEUS, roles.INFLUXDB),
        (roles.PROMETHEUS, roles.LOKI),
    }
)
"""The flows that the pipeline needs, among those that are tried; all others are denied."""


@dataclass(frozen=True, slots=True)
class Flow:
    """From the pods of one app to a port of another's."""

    source: str
    destination: str

    @property
    def id(self) -> str:
        return f"{self.source}-to-{self.destination}"

    @property
    def port(self) -> int:
        return DESTINATIONS[self.destination]

    @property
    def allowed(self) -> bool:
        return (self.source, self.destination) in ALLOWED


def flows() -> Iterator[Flow]:
    """Every pair of apps but an app with itself."""
    for source, destination in product(SOURCES, DESTINATIONS):
        if source != destination:
            yield Flow(source, destination)


FLOWS: Final = {flow.id: flow for flow in flows()}
