"""The way to a pipeline's bucket: with the token that reads, over TLS where the store has a certificate."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing

from pipeline_services.clients.http import HttpApi, Tls
from pipeline_services.clients.influxdb import Bucket
from pipeline_services.clients.port_forward import PortForward
from pipeline_services.model import roles
from pipeline_services.model.k8s import K8sObject, secret_text, secret_value
from pipeline_services.model.pipeline import Pipeline


def store_tls(pipeline: Pipeline, secrets: Sequence[K8sObject]) -> Tls | None:
    """How to check the store's certificate; None where it speaks plain HTTP.

    Raises:
        NoData: the Secret with the certificate is not there, or lacks it.
    """
    config = pipeline.config
    if not config.tls:
        return None
    return Tls(pipeline.service(roles.INFLUXDB).name, secret_value(secrets, config.tls, config.ca).decode())


def open_bucket(pipeline: Pipeline, secrets: Sequence[K8sObject], forward: PortForward, ways: ExitStack) -> Bucket:
    """The bucket over an open way, closed with ``ways``.

    Raises:
        NoData: a Secret is not there, or lacks the token or the certificate.
    """
    http = HttpApi(roles.INFLUXDB, forward.port, tls=store_tls(pipeline, secrets), cause=lambda: forward.failure)
    return Bucket(ways.enter_context(closing(http)), pipeline.store, secret_text(secrets, pipeline.config.read_token))
