"""Grafana's data source through an outage of what it reads from: does it work, and when did it fail."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final

from pipeline_services.clients.grafana import GrafanaApi
from pipeline_services.clients.http import HttpApi
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.port_forward import Endpoint, PortForward
from pipeline_services.measure.recovery import Moment, moment_of
from pipeline_services.measure.samples import SourceSample
from pipeline_services.model import roles
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.pipeline import Pipeline

ANSWER_TIMEOUT_S: Final = 2.0
"""In steady state it takes a few hundredths; a person who waits longer calls it broken."""


@dataclass(frozen=True, slots=True)
class Transitions:
    """When the data source failed after the fault was made, and worked for good after that; None: not seen.

    Attributes:
        message: what it said when it failed.
    """

    failed: Moment | None
    recovered: Moment | None
    message: str = ""


def transitions(samples: Sequence[SourceSample], made: float) -> Transitions:
    """The first failure after ``made`` (epoch seconds), and the recovery that lasts to the end; in seconds after it."""
    since = [sample for sample in samples if sample.answered >= made]
    failures = [sample for sample in since if not sample.works]
    if not failures:
        return Transitions(None, None)
    back = next((sample for sample in since if sample.answered > failures[-1].answered), None)
    recovered = moment_of(samples, back, made) if back else None
    return Transitions(moment_of(samples, failures[0], made), recovered, failures[0].message)


class SourceProbe:
    """Looks at a data source. No answer in time is a failure, as a bad one is."""

    def __init__(self, grafana: GrafanaApi, uid: str) -> None:
        self._grafana = grafana
        self._uid = uid

    def __call__(self) -> SourceSample:
        asked = time.time()
        try:
            status, message = self._grafana.datasource_health(self._uid, timeout=ANSWER_TIMEOUT_S)
        except PipelineError as error:
            return SourceSample(asked, time.time(), message=error.message)
        return SourceSample(asked, time.time(), works=status == 200, message=message)


@contextmanager
def opened(cluster: Cluster, pipeline: Pipeline, pod: str) -> Iterator[SourceProbe]:
    """Looks through a connection of their own to Grafana's ``pod``.

    Raises:
        ServiceUnreachable: the pod does not take connections.
    """
    service = pipeline.service(roles.GRAFANA)
    endpoint = Endpoint(service.name, pod, service.port)
    with (
        PortForward(cluster, endpoint) as forward,
        closing(HttpApi(roles.GRAFANA, forward.port, cause=lambda: forward.failure)) as http,
    ):
        yield SourceProbe(GrafanaApi(http), pipeline.dashboard.datasources[roles.INFLUXDB])
