"""Who may connect to whom inside the namespace: the matrix that scenarios try out and checks read policies by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

from pipeline_services.model import names

SOURCES: Final = (names.PRODUCER, names.PROCESSOR, names.KAFKA, names.INFLUXDB, names.PROMETHEUS, names.LOKI)
DESTINATIONS: Final = {
    names.KAFKA: 9092,
    names.INFLUXDB: 8086,
    names.PROMETHEUS: 9090,
    names.LOKI: 3100,
    names.PRODUCER: 8000,
    names.PROCESSOR: 8000,
}
ALLOWED: Final = frozenset(
    {
        (names.PRODUCER, names.KAFKA),
        (names.PROCESSOR, names.KAFKA),
        (names.PROCESSOR, names.INFLUXDB),
        (names.PROMETHEUS, names.PRODUCER),
        (names.PROMETHEUS, names.PROCESSOR),
        (names.PROMETHEUS, names.INFLUXDB),
        (names.PROMETHEUS, names.LOKI),
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
