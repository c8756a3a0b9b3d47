"""A Kafka outside the cluster: how clients log in, and what is said where it does not answer."""

from __future__ import annotations

import base64
import ssl
from typing import Any

import pytest

from pipeline_services.clients import kafka_broker
from pipeline_services.clients.kafka_access import foreign_link
from pipeline_services.clients.kafka_broker import KafkaBroker, link_of, through
from pipeline_services.model.errors import NoData, ServiceUnreachable, UnexpectedAnswer
from pipeline_services.model.foreign import Security
from pipeline_services.model.pipeline import Pipeline
from tests.clients.certificate_maker import issue
from tests.judgements.foreign_roles import ADDRESS, LOGIN, foreign_kafka


def secret(name: str, **values: bytes) -> dict[str, Any]:
    return {"metadata": {"name": name}, "data": {key: base64.b64encode(one).decode() for key, one in values.items()}}


def kafka(**security: object) -> Any:
    document = foreign_kafka()
    document["components"]["kafka"]["security"] = {**LOGIN, **security}
    return Pipeline.from_document(document)["kafka"]


SECRETS = [secret("kafka-client", username=b"reader\n", password=b"pass", ca=issue("Kafka's CA").certificate)]


def test_clients_log_in_with_what_the_secrets_hold() -> None:
    link = foreign_link(kafka(), SECRETS)
    context = link.pop("ssl_context")
    assert link == {
        "bootstrap_servers": [ADDRESS],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "reader",
        "sasl_plain_password": "pass",
    }
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_who_vouches_for_the_broker_may_be_named() -> None:
    context = foreign_link(kafka(ca={"secret": "kafka-client", "key": "ca"}), SECRETS)["ssl_context"]
    assert [dict(one[0] for one in known["subject"])["commonName"] for known in context.get_ca_certs()] == [
        "Kafka's CA"
    ]
    with pytest.raises(UnexpectedAnswer, match="the CA for Kafka's certificate is not a certificate"):
        foreign_link(kafka(ca={"secret": "kafka-client", "key": "password"}), SECRETS)


def test_without_its_secret_nothing_is_known() -> None:
    with pytest.raises(NoData, match="there is no secret kafka-client"):
        foreign_link(kafka(), [])


def test_without_security_there_is_the_address_alone() -> None:
    document = foreign_kafka()
    del document["components"]["kafka"]["security"]
    assert foreign_link(Pipeline.from_document(document)["kafka"], []) == {"bootstrap_servers": [ADDRESS]}
    assert Security().protocol == "PLAINTEXT"


def test_a_port_leads_through_it_and_an_address_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert link_of(9092) == through(9092)
    asked: dict[str, Any] = {}

    class Admin:
        def __init__(self, **settings: Any) -> None:
            asked.update(settings)

        def close(self) -> None:
            """Nothing is open."""

    monkeypatch.setattr(kafka_broker, "KafkaAdminClient", Admin)
    with KafkaBroker({"bootstrap_servers": [ADDRESS], "security_protocol": "SSL"}):
        pass
    assert (asked["bootstrap_servers"], asked["security_protocol"]) == ([ADDRESS], "SSL")
    assert "proxy_url" not in asked


def test_an_address_where_nobody_answers_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_broker, "TIMEOUT_MS", 300)
    with (
        pytest.raises(ServiceUnreachable, match="kafka does not answer"),
        KafkaBroker({"bootstrap_servers": ["127.0.0.1:1"]}),
    ):
        pass
