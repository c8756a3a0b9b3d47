"""How sources reach the services: when and where it is, and a port-forward to each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from threading import Event, Lock
from typing import Any, TypeVar

from pipeline_services.clients.http import AT_ONCE, HttpApi, Tls
from pipeline_services.clients.kafka_access import foreign_link
from pipeline_services.clients.kafka_broker import Link
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.port_forward import PortForward, ready_endpoint
from pipeline_services.model import roles
from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.record import Record

T = TypeVar("T")
Lists = Mapping[str, "Future[list[dict[str, Any]]]"]
"""The lists of the API, each while it is read."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When and where the collection takes place, and what is looked at.

    Attributes:
        at: epoch seconds, by the clock of the API server.
        since: when the namespace was made, epoch seconds; 0 where that is not known.
        ahead_s: seconds that this machine's clock is ahead of it.
        absent: the components that are not asked.
        deep: what triage needs is asked for as well; upkeep: and what the reviews need.
        sampled: set after Kafka's first sample: from then on it waits, and others may have the machine.
    """

    at: float
    namespace: str
    pipeline: Pipeline
    ahead_s: float = 0.0
    absent: frozenset[str] = frozenset()
    deep: bool = False
    upkeep: bool = False
    sampled: Event = field(default_factory=Event)
    since: float = 0.0


class Reach(AbstractContextManager["Reach"]):
    """Opens ways to services and closes all of them at the end."""

    def __init__(self, cluster: Cluster, lists: Lists, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self._cluster = cluster
        self._lists = lists
        self._open = ExitStack()
        self._lock = Lock()
        self._closed = False

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Cut every connection: whoever still waits for an answer gets an error."""
        with self._lock:
            self._closed = True
            self._open.close()

    def secrets(self) -> list[dict[str, Any]]:
        """The namespace's Secrets, values included; raises what listing them raised."""
        return self._lists["secrets"].result()

    def forward(self, component: str) -> PortForward:
        """A way to a ready pod behind a component's Service; raises as ``ready_endpoint`` and ``PortForward`` do."""
        part, service = self.pipeline[component], self.pipeline.service(component)
        namespace = part.namespace or self._cluster.namespace
        endpoint = ready_endpoint(service, part.label_selector, self._slices(part.namespace), namespace)
        forward = PortForward(self._cluster, replace(endpoint, namespace=part.namespace)).__enter__()
        return self._keep(forward, forward.close)

    def kafka(self) -> Link:
        """Where Kafka is: a local port that leads there, or its own address where it is outside the cluster.

        Raises:
            NoData: a Secret is not there, or lacks what clients log in with.
            PipelineError: as ``forward``.
        """
        part = self.pipeline[roles.KAFKA]
        return foreign_link(part, self.secrets()) if part.address else self.forward(roles.KAFKA).port

    def _slices(self, elsewhere: str) -> list[dict[str, Any]]:
        """The EndpointSlices of the pipeline's namespace, or of another one."""
        if elsewhere:
            return self._cluster.list("endpointslices", namespace=elsewhere)
        return self._lists["endpointslices"].result()

    def http(self, forward: PortForward, *, tls: Tls | None = None) -> HttpApi:
        """HTTP over an open way."""
        api = HttpApi(forward.endpoint.service, forward.port, tls=tls, cause=lambda: forward.failure)
        return self._keep(api, api.close)

    def _keep(self, thing: T, close: Callable[[], None]) -> T:
        with self._lock:
            if not self._closed:
                self._open.callback(close)
                return thing
        close()
        raise ServiceUnreachable("the time for the collection is over")


def take_all(record: Record, reads: Iterable[tuple[str, Callable[[], Any]]]) -> None:
    """Read several sources of one service, a few at once."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(record.take, source, read) for source, read in reads]:
            done.result()


@dataclass(frozen=True, slots=True)
class Group:
    """The sources of one service, which are read together and fail together when it cannot be reached.

    Attributes:
        sources: their names at a moment, be it as a list or as a table.
        read: records an answer, or why there is none, for each.
    """

    sources: Callable[[Moment], Iterable[str]]
    read: Callable[[Reach, Record, Moment], None]
