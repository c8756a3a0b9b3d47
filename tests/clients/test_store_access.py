"""The way to a bucket: over TLS where the store has a certificate, with the token that reads."""

from __future__ import annotations

import base64
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline_services.clients.http import Answer, Tls
from pipeline_services.clients.influxdb import InfluxStore
from pipeline_services.clients.store_access import open_bucket, store_tls
from pipeline_services.model.errors import AccessDenied, NoData
from pipeline_services.model.pipeline import Pipeline

OWN, PLAIN, CA3 = (Pipeline.load(Path(name)) for name in ("conveyor", "plain", "ca3"))


def secret(name: str, **values: str) -> dict[str, Any]:
    data = {key.replace("_", "."): base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {"metadata": {"name": name}, "data": data}


TOKEN = {"metadata": {"name": "influxdb-secrets"}, "data": {"admin-token": base64.b64encode(b" t0ken\n").decode()}}


def test_a_store_of_plain_http_is_asked_without_tls() -> None:
    assert store_tls(PLAIN, []) is None


def test_a_certificate_is_held_against_whoever_vouches_for_it() -> None:
    held = [secret("influxdb-tls", ca_crt="the CA", tls_crt="its own")]
    assert store_tls(OWN, held) == Tls("influxdb-service", "the CA")
    assert store_tls(CA3, held) == Tls("influxdb-service", "its own")


def test_without_a_certificate_no_token_is_sent() -> None:
    with pytest.raises(NoData, match=r"has no key ca\.crt"):
        store_tls(OWN, [secret("influxdb-tls", tls_crt="its own")])


def test_the_bucket_is_read_with_the_token_of_the_description() -> None:
    forward: Any = SimpleNamespace(port=1, failure=None)
    with ExitStack() as ways:
        bucket = open_bucket(PLAIN, [TOKEN], forward, ways)
    assert (bucket.token, bucket.store.bucket) == ("t0ken", "conveyor-data")
    with pytest.raises(NoData, match="influxdb-secrets"):
        open_bucket(PLAIN, [], forward, ExitStack())


def test_a_token_that_is_refused_is_no_bucket_that_is_not_there() -> None:
    refusing: Any = SimpleNamespace(ask=lambda *_, **__: Answer(401, b'{"code": "unauthorized"}', "influxdb"))
    with pytest.raises(AccessDenied, match="influxdb/api/v2/buckets"):
        InfluxStore(refusing, refusing, OWN.store).bucket("t")
