"""X.509 certificates: what one says, and which one a server shows.

The library that parses them is loaded with the first certificate: a snapshot has time for that while it waits between
Kafka's two samples, and none before.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from pipeline_services.model.errors import PipelineError, ServiceUnreachable, UnexpectedAnswer

if TYPE_CHECKING:
    from cryptography import x509

TIMEOUT: Final = 5.0


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says. Times are seconds since the epoch; ``sha256`` is its fingerprint in hex."""

    subject: str
    issuer: str
    names: list[str]
    not_before: float
    not_after: float
    sha256: str

    @classmethod
    def read(cls, data: bytes) -> Certificate:
        """The first certificate of a PEM text, or one in DER.

        Raises:
            UnexpectedAnswer: there is no certificate in ``data``.
        """
        from cryptography import x509  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

        try:
            pem = b"-----BEGIN" in data
            known = x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
        except ValueError as error:
            raise UnexpectedAnswer(f"this is not a certificate: {error}") from error
        return cls(
            subject=known.subject.rfc4514_string(),
            issuer=known.issuer.rfc4514_string(),
            names=names_of(known),
            not_before=known.not_valid_before_utc.timestamp(),
            not_after=known.not_valid_after_utc.timestamp(),
            sha256=known.fingerprint(SHA256()).hex(),
        )

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def key_fits(certificate: bytes, key: bytes) -> bool:
    """Whether a private key is that of a certificate, both PEM. What is no key fits none.

    Raises:
        UnexpectedAnswer: there is no certificate in ``certificate``.
    """
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        public = x509.load_pem_x509_certificate(certificate).public_key()
    except ValueError as error:
        raise UnexpectedAnswer(f"this is not a certificate: {error}") from error
    try:
        return bool(load_pem_private_key(key, None).public_key() == public)
    except (ValueError, TypeError):
        return False


@dataclass(frozen=True, slots=True)
class Shown:
    """The certificate that a server shows, and whether a client that trusts only the CA would take it."""

    certificate: Certificate
    verified: bool
    error: str


def shown_by(
    host: str, port: int, *, name: str, ca: str, cause: Callable[[], PipelineError | None] = lambda: None
) -> Shown:
    """Shake hands with a TLS server twice at most: as a careful client for ``name``, and if that fails as any client.

    Args:
        ca: the certificates to trust, PEM.
        cause: asked when a connection breaks, for a better reason than that it broke.

    Raises:
        ServiceUnreachable: there is no TLS server, whatever its certificate.
        UnexpectedAnswer: ``ca`` holds no certificate.
    """
    try:
        careful = ssl.create_default_context(cadata=ca)
    except (ssl.SSLError, ValueError) as error:
        raise UnexpectedAnswer(f"the CA's certificate cannot be read: {error}") from error
    try:
        return Shown(_handshake(host, port, name, careful), True, "")
    except ssl.SSLCertVerificationError as error:
        reason = error.verify_message or str(error)
    except OSError as error:
        raise cause() or ServiceUnreachable(f"no TLS connection to {name}: {error}") from error
    careless = ssl.create_default_context()
    careless.check_hostname = False
    careless.verify_mode = ssl.CERT_NONE
    try:
        return Shown(_handshake(host, port, name, careless), False, reason)
    except OSError as error:
        raise cause() or ServiceUnreachable(f"no TLS connection to {name}: {error}") from error


def _handshake(host: str, port: int, name: str, context: ssl.SSLContext) -> Certificate:
    with (
        socket.create_connection((host, port), TIMEOUT) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        return Certificate.read(secure.getpeercert(binary_form=True) or b"")


def names_of(known: x509.Certificate) -> list[str]:
    """The names and addresses that a certificate is for."""
    from cryptography import x509  # noqa: PLC0415

    try:
        alternative = known.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = [str(address) for address in alternative.get_values_for_type(x509.IPAddress)]
    return sorted([*alternative.get_values_for_type(x509.DNSName), *addresses])
