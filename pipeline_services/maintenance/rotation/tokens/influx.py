"""The tokens that InfluxDB knows: read, made, accepted or not, deleted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from pipeline_services.clients.http import HttpApi
from pipeline_services.clients.influxdb import token_header
from pipeline_services.maintenance.rotation.tokens.steps import Token
from pipeline_services.model.errors import UnexpectedAnswer
from pipeline_services.model.k8s import epoch

PATH: Final = "/api/v2/authorizations"
Json = Mapping[str, Any]


class InfluxTokens:
    """Asks InfluxDB with the operator's token, which none of the others is.

    Raises:
        ServiceUnreachable: InfluxDB does not answer.
        UnexpectedAnswer: it refuses.
    """

    def __init__(self, http: HttpApi, operator: str) -> None:
        self._http = http
        self._login = token_header(operator)

    def all(self) -> list[Json]:
        """Every token as the API has it, its text included."""
        return list(self._http.ask_json(PATH, headers=self._login).get("authorizations") or [])

    def make_like(self, one: Json) -> None:
        """Make another token of the same description and rights."""
        wanted = {
            "orgID": one["orgID"],
            "description": one["description"],
            "permissions": [
                {"action": action, "resource": dict(resource)} for action, resource in sorted(rights_of(one))
            ],
        }
        self._send("POST", PATH, wanted, 201)

    def accept(self, token: str, *, active: bool) -> None:
        """Let InfluxDB accept the token of this id, or refuse it."""
        self._send("PATCH", f"{PATH}/{token}", {"status": "active" if active else "inactive"}, 200)

    def delete(self, token: str) -> None:
        """Delete the token of this id; one that is gone already is deleted."""
        self._send("DELETE", f"{PATH}/{token}", None, 204, 404)

    def status_of(self, text: str) -> int:
        """The HTTP status with which a token logs in."""
        return self._http.ask("/api/v2/buckets", {"limit": "1"}, headers=token_header(text)).status

    def _send(self, method: str, path: str, body: Any, *expected: int) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        headers = {**self._login, "Content-Type": "application/json"}
        answer = self._http.send(method, path, data, headers=headers)
        if answer.status not in expected:
            raise UnexpectedAnswer(f"InfluxDB answers {answer.status} to {method} {path}: {answer.text[:200]}")


def rights_of(one: Json) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    """What a token may do, without the names that the API adds. Pure.

    Raises:
        UnexpectedAnswer: the API's answer is something else.
    """
    try:
        return {
            (
                str(permission["action"]),
                tuple((key, str(permission["resource"][key])) for key in _RESOURCE if permission["resource"].get(key)),
            )
            for permission in one["permissions"]
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise UnexpectedAnswer(f"InfluxDB's list of tokens cannot be read: {error}") from error


_RESOURCE: Final = ("type", "id", "orgID")


def for_the_same(one: Json, known: list[Json]) -> list[Json]:
    """The tokens of the same description and rights as one, itself included. Pure."""
    mine = (one.get("description"), rights_of(one))
    return [other for other in known if (other.get("description"), rights_of(other)) == mine]


def token_of(one: Json) -> Token:
    """What the steps go by. Pure."""
    return Token(str(one["id"]), epoch(str(one.get("createdAt"))), one.get("status") == "active")
