"""A token that a file, a shell or an editor has damaged is known again."""

from __future__ import annotations

import base64
import secrets

import pytest

from pipeline_services.platform.deploy.secrets.damaged import clean, likely

TOKEN = "pJ3_-operator" + "x" * 30
OF_INFLUXDB = base64.b64encode(secrets.token_bytes(64)).decode()
DAMAGED = {
    "line end": f"{TOKEN}\n".encode(),
    "line end of another system": f"{TOKEN}\r\n".encode(),
    "space": f"  {TOKEN} ".encode(),
    "byte order mark": f"{TOKEN}\n".encode("utf-8-sig"),
    "two bytes a character": f"{TOKEN}\r\n".encode("utf-16"),
    "quoted": f'"{TOKEN}"\n'.encode(),
    "in two lines": f"{TOKEN[:20]}\n{TOKEN[20:]}\n".encode(),
    "Base64": base64.b64encode(TOKEN.encode()),
    "Base64 of the line": base64.encodebytes(f"{TOKEN}\n".encode()),
}


@pytest.mark.parametrize("value", DAMAGED.values(), ids=DAMAGED)
def test_the_true_value_is_among_the_likely_ones(value: bytes) -> None:
    assert TOKEN in likely(value)


@pytest.mark.parametrize("token", [TOKEN, OF_INFLUXDB], ids=["urlsafe", "of-influxdb"])
def test_a_whole_token_is_nothing_else(token: str) -> None:
    assert likely(token.encode()) == [token]
    assert clean(token.encode()) == token.encode()


@pytest.mark.parametrize("value", [b"", b" \n", b"\xff\xfe\x00", "Schlüssel".encode(), b"\x00" * 8])
def test_what_no_token_can_have_been_is_none(value: bytes) -> None:
    assert likely(value) == []


@pytest.mark.parametrize(
    "name", ["line end", "line end of another system", "space", "byte order mark", "two bytes a character"]
)
def test_a_password_is_cleaned_of_what_stands_around_it(name: str) -> None:
    assert clean(DAMAGED[name]) == TOKEN.encode()


def test_what_may_be_a_password_s_own_stays() -> None:
    assert clean(b'"in quotes"') == b'"in quotes"'
