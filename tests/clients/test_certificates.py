"""Which certificate a server shows, and whether a careful client would take it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from pipeline_services.clients.certificates import Certificate, key_fits, shown_by
from pipeline_services.model.errors import NoData, ServiceUnreachable, UnexpectedAnswer
from tests.clients.certificate_maker import NOW, Issued, issue, shaking_hands

CA = issue("the CA")
NAME = "influxdb-service"


def test_what_a_certificate_says() -> None:
    seen = Certificate.read(issue(NAME, by=CA, days=30).certificate)
    assert (seen.subject, seen.issuer, seen.names) == (f"CN={NAME}", "CN=the CA", [NAME])
    assert seen.not_after == NOW.timestamp() + 30 * 86400
    assert seen.not_before == NOW.timestamp() - 86400
    assert len(seen.sha256) == 64


@pytest.mark.parametrize("data", [b"", b"no", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate(data: bytes) -> None:
    with pytest.raises(UnexpectedAnswer, match="not a certificate"):
        Certificate.read(data)


@pytest.mark.parametrize(
    ("shown", "verified", "said"),
    [
        (issue(NAME, by=CA), True, ""),
        (issue(NAME, by=issue("another CA")), False, "unable to get local issuer"),
        (issue(NAME, by=CA, days=-0.5), False, "expired"),
        (issue("kafka-service", by=CA), False, "Hostname mismatch"),
        (issue(NAME), False, "self-signed"),
    ],
    ids=["good", "other-ca", "expired", "other-name", "self-signed"],
)
def test_the_served_certificate_is_seen_and_judged(shown: Issued, verified: bool, said: str, tmp_path: Path) -> None:
    with shaking_hands(shown, tmp_path) as port:
        seen = shown_by("127.0.0.1", port, name=NAME, ca=CA.certificate.decode())
    assert seen.certificate == Certificate.read(shown.certificate)
    assert seen.verified is verified
    assert said in seen.error
    assert bool(seen.error) is not verified


def test_no_tls_server_at_all() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    with pytest.raises(ServiceUnreachable, match=f"no TLS connection to {NAME}"):
        shown_by("127.0.0.1", port, name=NAME, ca=CA.certificate.decode())
    with pytest.raises(NoData, match="a better reason"):
        shown_by("127.0.0.1", port, name=NAME, ca=CA.certificate.decode(), cause=lambda: NoData("a better reason"))


def test_a_ca_that_is_none() -> None:
    with pytest.raises(UnexpectedAnswer, match="CA's certificate"):
        shown_by("127.0.0.1", 1, name=NAME, ca="nothing")


def test_a_key_fits_the_certificate_that_it_was_made_for_alone() -> None:
    one, other = issue("one"), issue("other")
    assert key_fits(one.certificate, one.key)
    assert not key_fits(one.certificate, other.key)
    assert not key_fits(one.certificate, b"no key")
    with pytest.raises(UnexpectedAnswer, match="not a certificate"):
        key_fits(b"no certificate", one.key)
