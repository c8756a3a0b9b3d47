"""Section 5's monthly review of requests and limits: what is set, what was used, and what to set. Pure.

The scheduler and the autoscalers go by the requests: far above them a node gets full unnoticed. Use that comes near a
limit is throttled (CPU) or killed (memory).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.growth import DAY_S
from pipeline_services.judgements.history import require_known_since
from pipeline_services.judgements.upkeep import ANCHOR
from pipeline_services.model.commands import TOP_PODS
from pipeline_services.model.errors import NoData, PipelineError
from pipeline_services.model.k8s import containers_of, limits_of, quantity, requests_of, template_of
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.model.text import columns
from pipeline_services.snapshot.objects import workload_of
from pipeline_services.snapshot.snapshot import Snapshot

MONTH: Final = 30 * DAY_S
RESOURCES: Final = ("cpu", "memory")
MOST_OF_REQUEST: Final = 2.0
"""Use of so many times the request is under-provisioned: bursts are meant to go beyond it, the usual load is not."""
MOST_OF_LIMIT: Final = 0.9
LEAST_OF_REQUEST: Final = 1 / 3
"""A request of which less was ever needed is over-provisioned."""
SPARE: Final = 1.2
SPARE_LIMIT: Final = 1.5
STEPS: Final = {"cpu": 0.01, "memory": 16 * 2.0**20}
"""What is set is a multiple of it: 10m and 16Mi."""


@dataclass(frozen=True, slots=True)
class Provision:
    """What a pod of an app asks for of one resource and may use, beside what it did use; in cores or bytes.

    Attributes:
        limit: infinite where none is set.
        p50, p95, p99, most: of its use over the time that is known.
    """

    app: str
    resource: str
    request: float
    limit: float
    p50: float
    p95: float
    p99: float
    most: float

    @property
    def needed(self) -> float:
        """What is held against the request: the usual peak of CPU, which can wait; of memory the most, which cannot."""
        return self.p95 if self.resource == "cpu" else self.most

    @property
    def request_to_set(self) -> float:
        """What is needed and a fifth, in whole steps."""
        return _steps_up(SPARE * self.needed, STEPS[self.resource])

    @property
    def limit_to_set(self) -> float:
        """What is needed and a half, in whole steps."""
        return _steps_up(SPARE_LIMIT * self.needed, STEPS[self.resource])

    @property
    def short_request(self) -> bool:
        """Whether it is under-provisioned by its request."""
        return self.needed > MOST_OF_REQUEST * self.request

    @property
    def short_limit(self) -> bool:
        """Whether its limit is too near to what it uses."""
        return self.needed > MOST_OF_LIMIT * self.limit

    @property
    def ample(self) -> bool:
        """Whether it is over-provisioned by its request."""
        return self.request_to_set < LEAST_OF_REQUEST * self.request

    @property
    def verdict(self) -> str:
        """In words, with the value to set; empty where it fits."""
        if self.short_limit:
            return f"limit too low: set {amount(self.resource, self.limit_to_set)}"
        if self.short_request:
            return f"under-provisioned: request {amount(self.resource, self.request_to_set)}"
        if self.ample:
            return f"over-provisioned: request {amount(self.resource, self.request_to_set)}"
        return ""

    def cells(self) -> list[str]:
        """A row of the table."""
        values = (self.request, self.limit, self.p50, self.p95, self.p99, self.most)
        return [self.app, self.resource, *(amount(self.resource, value) for value in values), self.verdict or "fits"]

    def __str__(self) -> str:
        asks, may = amount(self.resource, self.request), amount(self.resource, self.limit)
        used = (
            f"{amount(self.resource, self.p95)} at the 95th percentile and {amount(self.resource, self.most)} at most"
        )
        verdict = f"; {self.verdict}" if self.verdict else ""
        return f"{self.app} requests {asks} of {self.resource}, may use {may} and used {used}{verdict}"


def requests_fit(snapshot: Snapshot, app: str) -> list[Provision]:
    """The app's requests and limits fit what it used in a month, or in the life of a younger pipeline.

    Raises:
        Deviation: it is under-provisioned.
        NoData: its use is not known for that long, or it sets no requests.
    """
    found = provisions(snapshot, app)
    short = next((one for one in found if one.short_limit or one.short_request), None)
    if short:
        advice = advice_about(snapshot.pipeline[app].reports_to).but(
            impact="its pods are throttled or killed"
            if short.short_limit
            else "the node may get full, or the autoscaler add pods, at quite another load than planned",
            next_command=TOP_PODS,
            runbook=ANCHOR,
            level="L2",
        )
        expected = f"at most {MOST_OF_REQUEST:g} times the request and {MOST_OF_LIMIT:.0%} of the limit"
        raise Deviation(snapshot, str(short), expected, advice)
    since = max(snapshot.data(f"use/{resource}")[app]["since"] for resource in RESOURCES)
    require_known_since(snapshot, since, MONTH)
    return found


def provisions(snapshot: Snapshot, app: str) -> list[Provision]:
    """CPU and memory of an app's pods. Raises NoData where the app sets no request, or nothing is known of its use."""
    return [_provision(snapshot, app, resource) for resource in RESOURCES]


def table(snapshot: Snapshot) -> str:
    """All apps, a line for each resource; what is not known is left out."""
    head = ["app", "resource", "request", "limit", "p50", "p95", "p99", "most", "verdict"]
    rows = (one.cells() for app in snapshot.pipeline.workloads for one in _known(snapshot, app))
    return "\n".join(columns([head, *rows]))


def amount(resource: str, value: float) -> str:
    """As a manifest has it: ``250m``, ``192Mi``."""
    if math.isinf(value):
        return "-"
    return f"{math.ceil(value * 1000 - 1e-9)}m" if resource == "cpu" else f"{math.ceil(value / 2**20 - 1e-9)}Mi"


def _known(snapshot: Snapshot, app: str) -> Iterator[Provision]:
    try:
        yield from provisions(snapshot, app)
    except PipelineError:  # its own check says why
        return


def _provision(snapshot: Snapshot, app: str, resource: str) -> Provision:
    containers = containers_of(template_of(workload_of(snapshot, app)))
    if not all(resource in requests_of(one) for one in containers):
        raise NoData(f"{app} does not request {resource}, so there is nothing to compare its use with")
    use = snapshot.data(f"use/{resource}").get(app)
    if not use:
        raise NoData(f"Prometheus has no history of {resource} by {app}")
    request = sum(quantity(requests_of(one)[resource]) for one in containers)
    limit = sum(quantity(limits_of(one)[resource]) if resource in limits_of(one) else math.inf for one in containers)
    return Provision(app, resource, request, limit, use["p50"], use["p95"], use["p99"], use["max"])


def _steps_up(value: float, step: float) -> float:
    return max(1, math.ceil(value / step - 1e-9)) * step
