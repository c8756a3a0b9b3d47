"""Grafana's data source for InfluxDB, asked several times a second whether it works."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pipeline_services.clients.grafana import GrafanaApi
from pipeline_services.clients.http import HttpApi
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.port_forward import Endpoint, PortForward
from pipeline_services.measure.samples import SourceSample
from pipeline_services.model import roles
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.pipeline import Pipeline

ANSWERS_WITHIN: Final = 2.0
"""Seconds. In steady state it takes a few hundredths; a person who waits longer calls it broken."""


class SourceLook:
    """One look after the other at a data source. No answer in time is as red as a bad one."""

    def __init__(self, grafana: GrafanaApi, uid: str) -> None:
        self._grafana = grafana
        self._uid = uid

    def __call__(self) -> SourceSample:
        asked = time.time()
        try:
            status, message = self._grafana.datasource_health(self._uid, timeout=ANSWERS_WITHIN)
        except PipelineError as error:
            return SourceSample(asked, time.time(), message=error.message)
        return SourceSample(asked, time.time(), green=status == 200, message=message)


@contextmanager
def opened(cluster: Cluster, pipeline: Pipeline, pod: str) -> Iterator[SourceLook]:
    """Looks through a way of their own to Grafana's ``pod``.

    Raises:
        ServiceUnreachable: the pod does not take connections.
    """
    service = pipeline.service(roles.GRAFANA)
    endpoint = Endpoint(service.name, pod, service.port)
    with PortForward(cluster, endpoint) as forward:
        http = HttpApi(roles.GRAFANA, forward.port, cause=lambda: forward.failure)
        try:
            yield SourceLook(GrafanaApi(http), pipeline.dashboard.datasources[roles.INFLUXDB])
        finally:
            http.close()
