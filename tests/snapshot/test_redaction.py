"""No secret comes through, in whatever form; what is no secret stays readable."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline_services.snapshot.redaction import REDACTED, redacted, secret_forms

CANARY = "c4n4ry-8FzQ2vLk9pWx7Rt1"
secrets = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S")), min_size=8, max_size=40)


def cleaned(tree: Any, *values: str, keep: tuple[str, ...] = ()) -> str:
    forms = secret_forms([value.encode() for value in values], keep)
    return json.dumps(redacted(tree, forms, keep), ensure_ascii=False)


@example(secret='pass"word\\1', before="said", after="then")
@given(secret=secrets, before=st.text(max_size=20), after=st.text(max_size=20))
def test_a_known_secret_is_gone_in_every_form(secret: str, before: str, after: str) -> None:
    forms = {
        "raw": secret,
        "base64": base64.b64encode(secret.encode()).decode(),
        "base64url": base64.urlsafe_b64encode(secret.encode()).decode(),
        "unpadded": base64.urlsafe_b64encode(secret.encode()).decode().rstrip("="),
        "url": quote(secret, safe=""),
        "json": json.dumps(secret)[1:-1],
    }
    tree = {name: [f"{before} {form} {after}"] for name, form in forms.items()}
    for name, texts in redacted(tree, secret_forms([secret.encode()])).items():
        assert forms[name] not in texts[0]
        assert secret not in texts[0].replace(before, "").replace(after, "")


@pytest.mark.parametrize(
    "tree",
    [
        {"logs/producer": [{"lines": [f"2026-11-23T06:00:00Z connecting with token={CANARY}"]}]},
        {"configmaps": [{"metadata": {"name": "x"}, "data": {"API_TOKEN": CANARY}}]},
        {"configmaps": [{"data": {"app.ini": f"[auth]\nadmin_password = {CANARY}\nport = 1\n"}}]},
        {"pods": [{"spec": {"containers": [{"env": [{"name": "DB_PASSWORD", "value": CANARY}]}]}}]},
        {"events": [{"message": f'GET /?api_key={CANARY} failed: "no"'}]},
        {"pods": [{"metadata": {"annotations": {"note": json.dumps({"clientSecret": CANARY})}}}]},
        {"x": f"Authorization: Bearer {CANARY}"},
        {"x": f'{{"authorization": "Token {CANARY}"}}'},
        {"x": f'headers={{"Authorization": "Basic {CANARY}"}}'},
        {"x": f"https://admin:{CANARY}@influxdb-service:8086/health"},
        {"x": f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----"},
        {"x": f"-----BEGIN PRIVATE KEY-----\n{CANARY}"},
        {"x": f"the access token is {CANARY}, keep it"},
        {"x": f"password: '{CANARY} with blanks'"},
        {"x": "log " + json.dumps({"message": json.dumps({"token": CANARY})})},
        {"x": "--from-literal=password=" + CANARY},
        {"x": f"sent Bearer {CANARY}"},
        {"x": {"name": "db.password", "value": CANARY}},
        {"x": {"PGPASSWORD": CANARY}},
    ],
    ids=[
        *("log", "config-map", "ini", "env", "event", "annotation", "bearer", "token-scheme", "basic", "url"),
        *("pem", "cut-pem", "words", "quoted", "nested-json", "argument"),
        *("scheme-alone", "name-and-value", "key-and-value"),
    ],
)
def test_a_secret_that_nobody_told_us_of_is_found_by_its_shape(tree: dict[str, Any]) -> None:
    text = cleaned(tree)
    assert CANARY not in text
    assert REDACTED in text


@pytest.mark.parametrize(
    "word",
    [
        *("password", "passwd", "passphrase", "pwd", "secret", "token", "credential", "credentials"),
        *("api_key", "api-key", "apikey", "access_key", "private-key", "privateKey"),
    ],
)
def test_each_word_for_a_secret_is_known(word: str) -> None:
    """So plain a value has nothing but the word before it."""
    assert cleaned([f"{word}=hunter", {word: "hunter"}, f"{word} is {CANARY}"]).count(REDACTED) == 3


def test_shapes_that_need_no_word_before_them() -> None:
    token = f"eyJhbGciOiJSUzI1NiJ9.{base64.urlsafe_b64encode(b'{claims}').decode()}.c2lnbmF0dXJl"
    body = base64.b64encode(bytes(range(48))).decode()
    text = cleaned({"lines": [f"got {token}", "got AKIAIOSFODNN7EXAMPLE", f"2026-11-23T06:00:00Z {body}"]})
    assert token not in text
    assert "AKIAIOSFODNN7EXAMPLE" not in text
    for made in ("ghp_" + "aB3" * 8, "glpat-" + "aB3" * 6, "glsa_" + "aB3" * 8, "xoxb-" + "1234567890"):
        assert cleaned(f"sent {made} away") == f'"sent {REDACTED} away"'
    assert body not in text


def test_a_secret_inside_a_longer_one_is_found_alone() -> None:
    whole = f"[client]\nuser = reader\nkey = {CANARY}\n"
    assert CANARY not in cleaned({"x": f"sent {CANARY} away"}, whole)


def test_of_two_secrets_that_begin_alike_nothing_of_the_longer_one_stays() -> None:
    assert cleaned(f"sent {CANARY}-and-its-end", CANARY, f"{CANARY}-and-its-end") == f'"sent {REDACTED}"'


def test_a_secret_as_a_key_is_found() -> None:
    assert CANARY not in cleaned({CANARY: 1}, CANARY)


def test_a_short_secret_is_taken_as_a_word_only() -> None:
    text = cleaned({"x": "operator says operators; user=operator"}, "operator")
    assert text == '{"x": "[redacted] says operators; user=[redacted]"}'
    assert cleaned("xp@ss-1y", "p@ss-1") == '"x[redacted]y"'


@pytest.mark.parametrize(("secret", "gone"), [("s3cr3t", True), ("s3cr3", False)])
def test_a_secret_of_six_characters_is_looked_for_and_a_shorter_one_is_not(secret: str, gone: bool) -> None:
    encoded = base64.b64encode(secret.encode()).decode()
    assert cleaned([f"sent {secret} away", encoded], secret).count(REDACTED) == 2 * gone


def test_a_secret_that_is_no_text_is_gone_in_base64() -> None:
    key = bytes(range(200, 256))
    text = base64.b64encode(key).decode()
    assert redacted([f"key={text}", text[:-1]], secret_forms([key, b"\xff" + CANARY.encode()])) == [
        f"key={REDACTED}",
        REDACTED,
    ]
    assert CANARY not in json.dumps(redacted([CANARY], secret_forms([b"\xff" + CANARY.encode()])))


def test_a_part_of_sixteen_characters_and_a_line_of_sixty_are_long_enough() -> None:
    part, line = CANARY[:16], base64.b64encode(bytes(range(45))).decode()
    assert cleaned(f"sent {part} away", f"user = reader\nkey = {part}\n") == f'"sent {REDACTED} away"'
    assert len(line) == 60
    assert cleaned(line) == f'"{REDACTED}"'


def test_plain_words_of_a_longer_secret_stay() -> None:
    url = "influxdb-service.conveyor-pipeline"
    assert url in cleaned(f"asked {url}", f"url = {url}\nkey = {CANARY}\n")


def test_certificates_are_public() -> None:
    certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    text = cleaned({"x": certificate, "y": f"sent {CANARY}"}, certificate, CANARY)
    assert "MIIB" in text
    assert CANARY not in text


@pytest.mark.parametrize(
    "text",
    [
        'MountVolume.SetUp failed for volume "tls" : secret "influxdb-tls" not found',
        "couldn't find key INFLUXDB_TOKEN in Secret conveyor-pipeline/pipeline-secrets",
        "failed to sync secret cache: timed out waiting for the condition",
        "Readiness probe failed: HTTP probe failed with statuscode: 503",
        '{"time": "2026-11-23T06:00:00Z", "level": "ERROR", "message": "write failed: 401 Unauthorized"}',
        "[GroupCoordinator 0]: Member a-1f9c0d5e-7a33-4b1e-8d0b-4b6f5d0e9f11 in group data-processor-group joined",
        'tls: failed to verify certificate: x509: certificate is valid for kafka, not "influxdb-service"',
        "https://influxdb-service:8086/api/v2/write?org=conveyor&bucket=sensor-data",
        "containerd://" + "0123456789abcdef" * 4,
        "localhost/conveyor/kafka@sha256:" + "0123456789abcdef" * 4,
        "token: $INFLUXDB_TOKEN",
        "password=${DB_PASSWORD}",
        "token=null; password=None; secret: true; api_key: false; token=bearer; token=basic; secret: token",
        "2026-11-23T06:00:00Z " + "aB" * 32,
        "token 12345678901234567890",
        "token " + "ab1" * 8,
    ],
)
def test_what_a_diagnosis_needs_stays(text: str) -> None:
    assert redacted(text, []) == text


def test_kubernetes_own_words_stay() -> None:
    pod = {
        "spec": {
            "automountServiceAccountToken": False,
            "volumes": [{"name": "tls", "secret": {"secretName": "influxdb-tls", "defaultMode": 288}}],
            "containers": [
                {"env": [{"name": "INFLUXDB_TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "t"}}}]},
                {"env": [{"name": "TOKEN_FILE", "value": "/var/run/token"}, {"name": "PORT", "value": "8086"}]},
            ],
        }
    }
    digest = {"name": "pipeline-secrets", "keys": {"INFLUXDB_TOKEN": {"sha256": "0123456789abcdef", "bytes": 88}}}
    tree = {
        "pods": [pod],
        "secrets": [digest],
        "n": [1, 2.5, None, True],
        "unnamed": {"name": None, "value": "x"},
        "password": "",
    }
    assert redacted(tree, []) == tree


def test_public_names_stay_even_where_a_secret_repeats_them() -> None:
    text = cleaned({"x": "namespace conveyor-pipeline"}, "conveyor-pipeline", "kafka", keep=("conveyor-pipeline",))
    assert "conveyor-pipeline" in text


@given(st.recursive(st.none() | st.integers() | st.text("abcdefg xyz", max_size=12), st.lists, max_leaves=10))
def test_without_a_secret_nothing_changes(tree: Any) -> None:
    assert redacted(tree, secret_forms([CANARY.encode()])) == tree
