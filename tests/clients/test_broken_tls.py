"""Why a TLS connection broke, in words that say whose certificate it is."""

from __future__ import annotations

import ssl

import pytest

from pipeline_services.clients.refusals import why_broken


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("SSLV3_ALERT_CERTIFICATE_EXPIRED", "it does not accept the client certificate: certificate expired"),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "it does not accept the client certificate: certificate required"),
        ("TLSV1_ALERT_UNKNOWN_CA", "it does not accept the client certificate: unknown ca"),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "it does not speak TLS as it should (sslv3 alert handshake failure)"),
        ("WRONG_VERSION_NUMBER", "it does not speak TLS as it should (wrong version number)"),
    ],
)
def test_an_alert_of_the_server_is_about_the_clients_certificate(reason: str, said: str) -> None:
    error = ssl.SSLError(1, "")
    error.reason = reason
    assert why_broken(error) == said
