"""The way to a Kafka outside the cluster: its addresses, and how its clients log in."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Any

from pipeline_services.model.component import Component
from pipeline_services.model.configuration import SecretKey
from pipeline_services.model.errors import UnexpectedAnswer
from pipeline_services.model.foreign import Security
from pipeline_services.model.k8s import K8sObject, secret_text


def foreign_link(part: Component, secrets: Sequence[K8sObject]) -> dict[str, Any]:
    """The settings with which any client of kafka-python reaches a broker that has an address.

    Raises:
        NoData: a Secret is not there, or lacks the key.
        UnexpectedAnswer: what is to vouch for the broker is no certificate.
    """
    link: dict[str, Any] = {"bootstrap_servers": part.addresses}
    security = part.security
    if security is None:
        return link
    link["security_protocol"] = security.protocol
    if security.encrypts:
        link["ssl_context"] = _trust(security, secrets)
    if security.logs_in:
        link["sasl_mechanism"] = security.mechanism
        link["sasl_plain_username"] = _text(security.username, secrets)
        link["sasl_plain_password"] = _text(security.password, secrets)
    return link


def _trust(security: Security, secrets: Sequence[K8sObject]) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=_text(security.ca, secrets) if security.ca else None)
    except ssl.SSLError as error:
        raise UnexpectedAnswer(f"the CA for Kafka's certificate is not a certificate: {error}") from error


def _text(held: SecretKey | None, secrets: Sequence[K8sObject]) -> str:
    return secret_text(secrets, held) if held else ""
