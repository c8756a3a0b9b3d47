"""The tokens that InfluxDB knows: made, accepted or not, deleted; all with the operator's, which is none of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline_services.maintenance.influxdb.contents import Json
from pipeline_services.maintenance.influxdb.server import TOKENS, InfluxServer
from pipeline_services.maintenance.rotation.tokens.steps import Token
from pipeline_services.model.errors import readable
from pipeline_services.model.k8s import epoch

_RESOURCE: Final = ("type", "id", "orgID")


def make_like(server: InfluxServer, one: Json) -> None:
    """Make another token of the same description and rights."""
    rights = [{"action": action, "resource": dict(resource)} for action, resource in sorted(rights_of(one))]
    wanted = {"orgID": one["orgID"], "description": one["description"], "permissions": rights}
    server.change("POST", TOKENS, wanted)


def accept(server: InfluxServer, token: str, *, active: bool) -> None:
    """Let InfluxDB accept the token of this id, or refuse it."""
    server.change("PATCH", f"{TOKENS}/{token}", {"status": "active" if active else "inactive"})


def delete(server: InfluxServer, token: str) -> None:
    """Delete the token of this id; one that is gone already is deleted."""
    server.change("DELETE", f"{TOKENS}/{token}")


def rights_of(one: Json) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    """What a token may do, without the names that the API adds. Pure.

    Raises:
        UnexpectedAnswer: the API's answer is something else.
    """
    with readable("InfluxDB's list of tokens"):
        return {
            (
                str(permission["action"]),
                tuple((key, str(permission["resource"][key])) for key in _RESOURCE if permission["resource"].get(key)),
            )
            for permission in one["permissions"]
        }


def for_the_same(one: Json, known: Sequence[Json]) -> list[Json]:
    """The tokens of the same description and rights as one, itself included. Pure."""
    mine = (one.get("description"), rights_of(one))
    return [other for other in known if (other.get("description"), rights_of(other)) == mine]


def token_of(one: Json) -> Token:
    """What the steps go by. Pure."""
    return Token(str(one["id"]), epoch(str(one.get("createdAt"))), one.get("status") == "active")
