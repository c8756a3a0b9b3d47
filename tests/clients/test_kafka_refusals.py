"""Why no connection to a Kafka outside the cluster comes about, each reason in one line."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from kafka.errors import KafkaConnectionError

from pipeline_services.audit.sender import link_to
from pipeline_services.clients import kafka_broker
from pipeline_services.clients.kafka_broker import KafkaBroker
from pipeline_services.clients.kafka_refusals import Ended, refusal
from pipeline_services.model.errors import PipelineError, ServiceUnreachable, UnexpectedAnswer
from tests.clients.certificate_maker import issue, shaking_hands
from tests.clients.fake_servers import accepting

KNOWN = ((18, 0, 4), (17, 0, 1), (36, 0, 2), (3, 0, 12))
"""Requests that the fake broker knows: their number, oldest and newest version."""
REFUSED_LOGIN = "kafka does not let the account log in by PLAIN: socket disconnected"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_broker, "TIMEOUT_MS", 500)


def said(port: int, **link: Any) -> PipelineError:
    """What is raised of a broker on this port."""
    with pytest.raises(PipelineError) as refused, KafkaBroker({"bootstrap_servers": [f"127.0.0.1:{port}"], **link}):
        pass
    return refused.value


@contextmanager
def broker_that_ends_the_next_request(came: list[int] | None = None) -> Iterator[int]:
    """It says which requests it knows, and ends the connection at whatever comes then; ``came`` gets an entry each."""

    def serve(connection: socket.socket) -> None:
        with connection:
            (came if came is not None else []).append(1)
            asked = connection.recv(4096)
            versions = b"".join(b"".join(number.to_bytes(2, "big") for number in one) + b"\0" for one in KNOWN)
            body = asked[8:12] + b"\0\0" + bytes([len(KNOWN) + 1]) + versions + b"\0\0\0\0" + b"\0"
            connection.sendall(len(body).to_bytes(4, "big") + body)
            connection.recv(4096)

    with accepting(serve) as port:
        yield port


def test_a_login_that_is_refused_is_named() -> None:
    login = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN"}
    with broker_that_ends_the_next_request() as port:
        error = said(port, **login, sasl_plain_username="me", sasl_plain_password="wrong")
    assert (type(error), error.message) == (UnexpectedAnswer, REFUSED_LOGIN)
    assert "wrong" not in str(error)


def test_a_login_is_not_tried_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_broker, "TIMEOUT_MS", 1_500)
    login = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN"}
    came: list[int] = []
    with broker_that_ends_the_next_request(came) as port:
        said(port, **login, sasl_plain_username="me", sasl_plain_password="wrong")
    assert came == [1]


def test_the_audits_sender_says_so_too() -> None:
    login = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN"}
    account = {"sasl_plain_username": "me", "sasl_plain_password": "wrong"}
    with broker_that_ends_the_next_request() as port:
        where = {"bootstrap_servers": [f"127.0.0.1:{port}"], **login, **account}
        with pytest.raises(UnexpectedAnswer, match="kafka does not let the account log in by PLAIN"), link_to(where):
            pass


def test_a_broker_that_wants_a_login_is_named() -> None:
    with broker_that_ends_the_next_request() as port:
        error = said(port)
    assert error.message == "kafka ends each connection by PLAINTEXT: it may want another security.protocol"


def test_a_certificate_that_is_not_trusted_is_named(tmp_path: Path) -> None:
    ours, theirs = issue("ours"), issue("theirs")
    trust = ssl.create_default_context(cadata=ours.certificate.decode())
    with shaking_hands(issue("127.0.0.1", by=theirs), tmp_path) as port:
        error = said(port, security_protocol="SSL", ssl_context=trust)
    assert error.message.startswith("no TLS with kafka: ")
    assert "certificate verify failed" in error.message


def test_a_port_where_nobody_listens_is_no_answer() -> None:
    error = said(1)
    assert isinstance(error, ServiceUnreachable)
    assert error.message == "kafka does not answer at 127.0.0.1:1: 111 ECONNREFUSED"


@pytest.mark.parametrize("ended", [(True, False), (False, True)])
def test_of_several_brokers_the_one_that_answered_is_told(ended: Sequence[bool]) -> None:
    cut = KafkaConnectionError("socket disconnected")
    away = KafkaConnectionError("111 ECONNREFUSED")
    attempts = [Ended(answered, cut if answered else away) for answered in ended]
    link = {"bootstrap_servers": ["a:1", "b:2"], "sasl_mechanism": "PLAIN"}
    assert refusal(attempts, link).message == REFUSED_LOGIN
    alone = refusal([one for one in attempts if not one.answered], link)
    assert alone.message == "kafka does not answer at a:1, b:2: 111 ECONNREFUSED"
