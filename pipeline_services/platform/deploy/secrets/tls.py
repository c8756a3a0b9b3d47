"""InfluxDB's certificate: made by a CA of its own, whose key nobody keeps."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Mapping, Sequence
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pipeline_services.clients.certificates import names_of
from pipeline_services.model import roles
from pipeline_services.model.pipeline import Pipeline

VALID_FOR: Final = datetime.timedelta(days=730)
RENEW_BEFORE: Final = datetime.timedelta(days=60)
CLOCK_SKEW: Final = datetime.timedelta(minutes=10)
CERTIFICATE: Final = "tls.crt"
KEY: Final = "tls.key"
CA: Final = "ca.crt"

LOCAL_NAME: Final = "localhost"
"""By which the pod's own probes call the server."""
SERVER_ADDRESS: Final = "127.0.0.1"


def server_names(pipeline: Pipeline) -> tuple[str, ...]:
    """Every name by which a client may call the pipeline's InfluxDB, the Service's own first."""
    hosts = (pipeline.service(roles.INFLUXDB).name, pipeline[roles.INFLUXDB].first_pod_host)
    space = pipeline.namespace
    tails = ("", f".{space}", f".{space}.svc", f".{space}.svc.cluster.local")
    return (*(f"{host}{tail}" for host in hosts for tail in tails), LOCAL_NAME)


def new_certificate(
    names: Sequence[str], now: datetime.datetime | None = None, valid_for: datetime.timedelta = VALID_FOR
) -> dict[str, bytes]:
    """A new CA and a certificate from it for a server of these names, as the keys of a TLS secret, in PEM."""
    now = now or datetime.datetime.now(datetime.UTC)
    ca_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = _name("conveyor InfluxDB CA")
    ca = (
        _builder(ca_name, ca_name, ca_key.public_key(), now, valid_for)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    server = (
        _builder(_name(names[0]), ca_name, server_key.public_key(), now, valid_for)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_alternative(names)), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return {CERTIFICATE: server.public_bytes(pem), KEY: private, CA: ca.public_bytes(pem)}


def flaw(secret: Mapping[str, bytes], names: Sequence[str], now: datetime.datetime | None = None) -> str | None:
    """Why a TLS secret has to be made anew, or None if it serves clients that call the server by these names."""
    now = now or datetime.datetime.now(datetime.UTC)
    try:
        server = x509.load_pem_x509_certificate(secret[CERTIFICATE])
        ca = issuer_of(server, x509.load_pem_x509_certificates(secret[CA]))
        private = serialization.load_pem_private_key(secret[KEY], None)
    except KeyError as error:
        return f"it has no {error.args[0]}"
    except (ValueError, TypeError) as error:
        return f"it cannot be read: {error}"
    if ca is None:
        return "the certificate is not signed by its CA"
    if private.public_key() != server.public_key():
        return "the key belongs to another certificate"
    if (
        server.not_valid_before_utc > now
        or min(server.not_valid_after_utc, ca.not_valid_after_utc) < now + RENEW_BEFORE
    ):
        return f"the certificate is valid from {server.not_valid_before_utc:%F} to {server.not_valid_after_utc:%F}"
    missing = {SERVER_ADDRESS, *names}.difference(names_of(server))
    return f"the certificate lacks the names {', '.join(sorted(missing))}" if missing else None


def issuer_of(server: x509.Certificate, bundle: Sequence[x509.Certificate]) -> x509.Certificate | None:
    """The CA that signed a certificate, out of all that are trusted: between two CAs there are both. Pure."""
    for ca in bundle:
        try:
            server.verify_directly_issued_by(ca)
        except (InvalidSignature, ValueError, TypeError):
            continue
        return ca
    return None


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime.datetime,
    valid_for: datetime.timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + valid_for)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative(names: Sequence[str]) -> list[x509.GeneralName]:
    return [*map(x509.DNSName, names), x509.IPAddress(ipaddress.ip_address(SERVER_ADDRESS))]
