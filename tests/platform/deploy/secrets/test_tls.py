"""InfluxDB's certificate serves its names to a client that trusts only its CA, and is made anew when it does not."""

from __future__ import annotations

import contextlib
import datetime
import ssl
from pathlib import Path

import pytest

from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.deploy.secrets import tls

NOW = datetime.datetime.now(datetime.UTC)
NAMES = tls.server_names(Pipeline.load())
DAY = datetime.timedelta(days=1)


@pytest.fixture(scope="module")
def secret() -> dict[str, bytes]:
    return tls.new_certificate(NAMES)


def test_a_new_one_serves(secret: dict[str, bytes]) -> None:
    assert tls.flaw(secret, NAMES) is None
    assert tls.flaw(secret, NAMES, NOW + 366 * DAY) is None, "valid for more than a year"


@pytest.mark.parametrize("name", [*NAMES, tls.SERVER_ADDRESS])
def test_a_strict_client_takes_it_for_each_name(secret: dict[str, bytes], tmp_path: Path, name: str) -> None:
    assert handshake(secret, secret[tls.CA], tmp_path, name) == "ok"


def test_a_client_that_trusts_another_ca_does_not_take_it(secret: dict[str, bytes], tmp_path: Path) -> None:
    other = tls.new_certificate(NAMES)[tls.CA]
    assert "certificate verify failed" in handshake(secret, other, tmp_path, "localhost")


def test_it_is_not_for_other_names(secret: dict[str, bytes], tmp_path: Path) -> None:
    assert "Hostname mismatch" in handshake(secret, secret[tls.CA], tmp_path, "kafka-service")


def test_one_that_expires_tomorrow_does_not_serve() -> None:
    old = tls.new_certificate(NAMES, valid_for=DAY)
    assert "the certificate is valid from" in (tls.flaw(old, NAMES) or "")


def test_one_that_is_not_valid_yet_does_not_serve(secret: dict[str, bytes]) -> None:
    assert "the certificate is valid from" in (tls.flaw(secret, NAMES, NOW - DAY) or "")


@pytest.mark.parametrize("key", [tls.CERTIFICATE, tls.KEY, tls.CA])
def test_a_missing_part_is_named(secret: dict[str, bytes], key: str) -> None:
    assert tls.flaw({name: value for name, value in secret.items() if name != key}, NAMES) == f"it has no {key}"


@pytest.mark.parametrize("key", [tls.CERTIFICATE, tls.KEY, tls.CA])
def test_an_unreadable_part_does_not_serve(secret: dict[str, bytes], key: str) -> None:
    assert "it cannot be read" in (tls.flaw({**secret, key: b"nonsense"}, NAMES) or "")


def test_parts_of_two_certificates_do_not_serve(secret: dict[str, bytes]) -> None:
    other = tls.new_certificate(NAMES)
    assert "key" in (tls.flaw({**secret, tls.KEY: other[tls.KEY]}, NAMES) or "")
    assert "signed" in (tls.flaw({**secret, tls.CA: other[tls.CA]}, NAMES) or "")


def test_between_two_authorities_either_serves(secret: dict[str, bytes]) -> None:
    other = tls.new_certificate(NAMES)
    assert tls.flaw({**secret, tls.CA: other[tls.CA] + secret[tls.CA]}, NAMES) is None
    assert tls.flaw({**other, tls.CA: other[tls.CA] + secret[tls.CA]}, NAMES) is None


def test_one_for_another_pipeline_does_not_serve(secret: dict[str, bytes]) -> None:
    assert "the certificate lacks the names store-service" in (tls.flaw(secret, ["store-service"]) or "")


def test_the_cas_key_is_not_kept(secret: dict[str, bytes]) -> None:
    assert secret.keys() == {"tls.crt", "tls.key", "ca.crt"}
    assert sum(value.count(b"PRIVATE KEY-----") for value in secret.values()) == 2  # one key: its begin and its end


def handshake(secret: dict[str, bytes], ca: bytes, folder: Path, name: str) -> str:
    """Two ends in memory; the client checks as strictly as it can."""
    for key in (tls.CERTIFICATE, tls.KEY):
        (folder / key).write_bytes(secret[key])
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / tls.CERTIFICATE, folder / tls.KEY)
    asking = ssl.create_default_context(cadata=ca.decode())
    asking.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = serving.wrap_bio(to_server, to_client, server_side=True)
    client = asking.wrap_bio(to_client, to_server, server_hostname=name)
    done = False
    while not done:
        try:
            client.do_handshake()
            done = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLCertVerificationError as error:
            return str(error)
        with contextlib.suppress(ssl.SSLWantReadError):
            server.do_handshake()
    return "ok"
