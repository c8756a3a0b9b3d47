"""Faults of InfluxDB's certificate: of another authority, expired, for other names."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chaos.faults.common import FaultBuilder, pod_names, with_new_pods, writes_fail
from pipeline_services import faults
from pipeline_services.faults.model import Fault, with_pods_replaced
from pipeline_services.model import names, roles
from pipeline_services.platform.deploy.secrets.tls import SERVER_NAMES, new_certificate

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

LIFETIME: Final = datetime.timedelta(days=90)
VERIFIERS: Final = (roles.INFLUXDB, roles.PROCESSOR, roles.GRAFANA)
"""The apps that load the certificate at their start; Prometheus reads the file again by itself."""
Factory = Callable[[], Mapping[str, bytes]]


def replaced(make: Factory, summary: str, *apps: str) -> FaultBuilder:
    """The Secret gets another certificate, and the apps are started with it."""

    def build(pipeline: SteadyPipeline) -> Fault:
        fault = faults.secret_value(pipeline.api, names.TLS_SECRET, pipeline.namespace, make())
        return replace(with_new_pods(pipeline, fault, *apps) if apps else fault, summary=summary)

    return build


def renewed() -> Mapping[str, bytes]:
    """A good certificate of another authority, as a renewal makes it."""
    return new_certificate()


def expires_tomorrow() -> Mapping[str, bytes]:
    """A certificate for one more day."""
    return new_certificate(valid_for=datetime.timedelta(days=1))


def expired() -> Mapping[str, bytes]:
    """A certificate that was good until an hour ago."""
    now = datetime.datetime.now(datetime.UTC)
    return new_certificate(now=now - LIFETIME, valid_for=LIFETIME - datetime.timedelta(hours=1))


def of_other_names() -> Mapping[str, bytes]:
    """A certificate for the names of another service."""
    return new_certificate(server_names=[name.replace(roles.INFLUXDB, "metrics-store") for name in SERVER_NAMES])


def other_authority(pipeline: SteadyPipeline) -> Fault:
    """InfluxDB serves a certificate of an authority that its clients do not know."""
    fault = faults.other_authority(
        pipeline.api, names.TLS_SECRET, pipeline.namespace, new_certificate(), pipeline.probes.ca.encode()
    )
    app = roles.INFLUXDB
    return with_pods_replaced(fault, app, pipeline.namespace, pod_names(pipeline, app)).proved(
        writes_fail(pipeline, "tls")
    )
