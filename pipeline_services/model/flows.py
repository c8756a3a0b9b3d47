"""Who may connect to whom: the flows that a profile allows, and the attempts that show whether just these are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol

from pipeline_services.model.errors import PreconditionNotMet

if TYPE_CHECKING:
    from pipeline_services.model.pipeline import Pipeline

ANY: Final = "any"
"""A source that means every pod of the namespace."""
NAMESPACE_NAME: Final = "kubernetes.io/metadata.name"
"""The label that Kubernetes gives every namespace, with its name."""
PROTOCOLS: Final = ("TCP", "UDP", "SCTP")
LAST_PORT: Final = 65_535


class Connection(Protocol):
    """Who connects to whom."""

    @property
    def source(self) -> str: ...

    @property
    def destination(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Flow:
    """An allowed connection: from the pods of one component, or of ``any``, to a port of another's.

    A destination with neither workload nor selector, as a node, means addresses outside the pods' network.
    """

    source: str
    destination: str
    port: int
    protocol: str = "TCP"
    carries_readings: bool = False

    def __post_init__(self) -> None:
        if self.protocol not in PROTOCOLS:
            raise PreconditionNotMet(
                f"flows: the protocol {self.protocol!r} of {self.id} is none of {', '.join(PROTOCOLS)}"
            )
        if not 0 < self.port <= LAST_PORT:
            raise PreconditionNotMet(
                f"flows: {self.port} of {self.id} is no port, which is a number from 1 to {LAST_PORT}"
            )

    @property
    def id(self) -> str:
        return f"{self.source}-{self.destination}"

    def __str__(self) -> str:
        source = "every pod" if self.source == ANY else self.source
        protocol = "" if self.protocol == "TCP" else f" ({self.protocol})"
        return f"{source} to {self.destination}:{self.port}{protocol}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A TCP connection from one component's pods to the port of another's, which is allowed or has to be denied."""

    source: str
    destination: str
    port: int
    allowed: bool

    @property
    def id(self) -> str:
        return f"{self.source}-to-{self.destination}"

    def __str__(self) -> str:
        return f"{self.source} to {self.destination}:{self.port}"


@lru_cache(maxsize=8)
def attempts(pipeline: Pipeline) -> Mapping[str, Attempt]:
    """Every component to the port of every other, by id: its service's, or the one that is scraped."""
    allowed = {(flow.source, flow.destination, flow.port) for flow in pipeline.flows if flow.protocol == "TCP"}
    found = [
        Attempt(source, target.id, port, (source, target.id, port) in allowed)
        for source in pipeline.workloads
        for target in pipeline.workloads.values()
        if source != target.id and (port := target.service.port if target.service else target.metrics_port)
    ]
    return {attempt.id: attempt for attempt in found}
