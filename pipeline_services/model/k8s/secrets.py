"""The values of Secrets, decoded and encoded."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping

from pipeline_services.model.configuration import SecretKey
from pipeline_services.model.errors import NoData, UnexpectedAnswer
from pipeline_services.model.k8s.objects import K8sObject, name_of


def secret_values(secret: K8sObject) -> dict[str, bytes]:
    """The decoded values of a Secret. Raises UnexpectedAnswer where a value is not Base64."""
    try:
        return {key: base64.b64decode(value) for key, value in (secret.get("data") or {}).items()}
    except binascii.Error as error:
        raise UnexpectedAnswer(f"a value of the secret {name_of(secret)} is not Base64") from error


def secret_value(secrets: Iterable[K8sObject], name: str, key: str) -> bytes:
    """One value of one Secret.

    Raises:
        NoData: there is no such Secret, or it has no such key.
        UnexpectedAnswer: a value of it is not Base64.
    """
    for secret in secrets:
        if name_of(secret) == name:
            values = secret_values(secret)
            if key not in values:
                raise NoData(f"the secret {name} has no key {key}")
            return values[key]
    raise NoData(f"there is no secret {name}")


def secret_text(secrets: Iterable[K8sObject], held: SecretKey) -> str:
    """A token or a password, without the line's end that a file gives it. Raises as ``secret_value``."""
    return secret_value(secrets, held.secret, held.key).decode(errors="replace").strip()


def encoded(values: Mapping[str, bytes]) -> dict[str, str]:
    """The ``data`` of a Secret that holds these values."""
    return {key: base64.b64encode(value).decode() for key, value in values.items()}
