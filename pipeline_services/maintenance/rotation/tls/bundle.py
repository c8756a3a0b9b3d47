"""Certificates in a TLS Secret: the CAs that it tells clients to trust, and who signed what. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from pipeline_services.clients.certificates import key_fits
from pipeline_services.model.errors import UnexpectedAnswer
from pipeline_services.platform.deploy.secrets.tls import CA, CERTIFICATE, KEY, issuer_of

NEXT: Final = ("next.crt", "next.key")
"""Keys of the Secret in which a new certificate waits until every client trusts its CA."""
FIRST: Final = ("first.crt", "first.key")
"""Keys of the Secret with the certificate from before, until nobody trusts its CA any more: to prove just that."""

Values = Mapping[str, bytes]


def certificates_in(text: bytes) -> list[x509.Certificate]:
    """All certificates of a PEM text. Raises UnexpectedAnswer where there is none."""
    try:
        return x509.load_pem_x509_certificates(text)
    except ValueError as error:
        raise UnexpectedAnswer(f"this is not a certificate: {error}") from error


def prints_of(text: bytes) -> tuple[str, ...]:
    """Their fingerprints in hex, in order; raises as ``certificates_in``."""
    return tuple(sorted(_print(one) for one in certificates_in(text)))


def issuer(certificate: bytes, bundle: bytes) -> str:
    """The fingerprint of the CA of a bundle that signed a certificate; empty where none did."""
    found = issuer_of(certificates_in(certificate)[0], certificates_in(bundle))
    return _print(found) if found else ""


def waiting_issuer(values: Values) -> str:
    """As ``issuer``, of the certificate that waits; empty also where its key does not fit, or it cannot be read."""
    certificate, key = (values.get(one, b"") for one in NEXT)
    try:
        return issuer(certificate, values[CA]) if key_fits(certificate, key) else ""
    except UnexpectedAnswer:
        return ""


def with_both(values: Values, made: Values) -> dict[str, bytes]:
    """The Secret that trusts its certificate's CA and that of a new one, which waits."""
    waiting = dict(zip(NEXT, (made[CERTIFICATE], made[KEY]), strict=True))
    return {**cleaned(values), CA: _own_ca(values) + made[CA], **waiting}


def with_next(values: Values) -> dict[str, bytes]:
    """The Secret with the certificate that waited in place of its own, which is kept until its CA is dropped."""
    first = dict(zip(FIRST, (values[CERTIFICATE], values[KEY]), strict=True))
    return {CERTIFICATE: values[NEXT[0]], KEY: values[NEXT[1]], CA: values[CA], **first}


def with_one(values: Values) -> dict[str, bytes]:
    """The Secret that trusts the CA of its certificate alone; the certificate from before is kept."""
    return {**values, CA: _own_ca(values)}


def cleaned(values: Values) -> dict[str, bytes]:
    """The Secret without what a rotation adds."""
    return {key: values[key] for key in (CERTIFICATE, KEY, CA)}


def _own_ca(values: Values) -> bytes:
    own = issuer(values[CERTIFICATE], values[CA])
    return _text(one for one in certificates_in(values[CA]) if _print(one) == own)


def _print(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()


def _text(certificates: Iterable[x509.Certificate]) -> bytes:
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)
