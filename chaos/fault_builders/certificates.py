"""Faults of InfluxDB's certificate: of another authority, expired, for other names."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chaos.fault_builders.common import fault_builder, pods_replaced, with_new_pods, writes_fail
from pipeline_services import faults
from pipeline_services.faults.model import Fault
from pipeline_services.model import roles
from pipeline_services.model.errors import NotApplicable
from pipeline_services.platform.deploy.secrets.tls import LOCAL_NAME, new_certificate, server_names

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

LIFETIME: Final = datetime.timedelta(days=90)
VERIFIERS: Final = (roles.INFLUXDB, roles.PROCESSOR, roles.GRAFANA)
"""The apps that load the certificate at their start; Prometheus reads the file again by itself."""
AUTHORITY: Final = "ca.crt"
"""The key with the certificate of who vouches for the server's."""
Factory = Callable[[Sequence[str]], Mapping[str, bytes]]
"""Makes the Secret's keys for a server of these names."""


@fault_builder
def replaced(pipeline: SteadyPipeline, make: Factory, summary: str, *apps: str) -> Fault:
    """The Secret gets another certificate, and the apps are started with it."""
    secret, names = _secret(pipeline), server_names(pipeline.description)
    fault = faults.secret_value(pipeline.api, secret, pipeline.namespace, make(names))
    return replace(with_new_pods(pipeline, fault, *apps) if apps else fault, summary=summary)


def _secret(pipeline: SteadyPipeline) -> str:
    """The Secret with a certificate that somebody vouches for, as the suite makes them."""
    name, config = pipeline.description.name, pipeline.description.config
    if not config.tls:
        raise NotApplicable(f"InfluxDB of {name} has no certificate")
    if config.ca != AUTHORITY:
        raise NotApplicable(f"InfluxDB's certificate of {name} signed itself, so that there is no authority")
    return config.tls


def renewed(names: Sequence[str]) -> Mapping[str, bytes]:
    """A good certificate of another authority, as a renewal makes it."""
    return new_certificate(names)


def other_key(names: Sequence[str]) -> Mapping[str, bytes]:
    """The key of another certificate, and nothing else of it."""
    return {"tls.key": new_certificate(names)["tls.key"]}


def expires_tomorrow(names: Sequence[str]) -> Mapping[str, bytes]:
    """A certificate for one more day."""
    return new_certificate(names, valid_for=datetime.timedelta(days=1))


def expired(names: Sequence[str]) -> Mapping[str, bytes]:
    """A certificate that was good until an hour ago."""
    now = datetime.datetime.now(datetime.UTC)
    return new_certificate(names, now=now - LIFETIME, valid_for=LIFETIME - datetime.timedelta(hours=1))


def of_other_names(names: Sequence[str]) -> Mapping[str, bytes]:
    """A certificate for the names of another service."""
    return new_certificate([name if name == LOCAL_NAME else f"other-{name}" for name in names])


def other_authority(pipeline: SteadyPipeline) -> Fault:
    """InfluxDB serves a certificate of an authority that its clients do not know."""
    secret, made = _secret(pipeline), new_certificate(server_names(pipeline.description))
    fault = faults.other_authority(pipeline.api, secret, pipeline.namespace, made, pipeline.probes.ca.encode())
    return pods_replaced(pipeline, fault, roles.INFLUXDB).proved(writes_fail(pipeline, "tls"))
