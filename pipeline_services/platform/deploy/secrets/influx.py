"""InfluxDB's own accounts: its first set-up, its bucket, and a token for each one who needs it, for nothing more.

The operator's token is made here before InfluxDB first starts and is handed to its set-up. The two scoped tokens are
InfluxDB's; which one is whose is written in their descriptions there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from pipeline_services.clients.http import Answer, HttpApi
from pipeline_services.clients.influxdb import token_header
from pipeline_services.model import roles
from pipeline_services.model.configuration import Store
from pipeline_services.model.failures import PlatformError
from pipeline_services.model.pipeline import Pipeline

WRITER: Final = "conveyor: the processor writes"
READER: Final = "conveyor: Grafana and the checks read"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Admin:
    """The operator's account, as the administrator's secret has it."""

    username: str
    password: str
    token: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """``write`` may write the bucket, ``read`` may read it."""

    write: str
    read: str


def ensure_tokens(http: HttpApi, admin: Admin, pipeline: Pipeline, held: Collection[str] = ()) -> Tokens:
    """Set InfluxDB up if it is new, make the bucket if it is gone, and return the two tokens, made where missing.

    Args:
        held: what the Secrets hold. Of two that will do, as amid a rotation, the one that is held stays.

    Raises:
        PlatformError: InfluxDB was set up with another operator's token than the secret has.
        UnexpectedAnswer: InfluxDB answers with an error.
    """
    login = token_header(admin.token)
    organisation, bucket = ensure_bucket(http, admin, pipeline)
    known = _ask(http, "/api/v2/authorizations", {"orgID": organisation}, headers=login)["authorizations"]

    def token(description: str, action: str) -> str:
        permissions = _permissions(action, organisation, bucket)
        named = [one for one in known if one["description"] == description and one["status"] == "active"]
        fit = [str(one["token"]) for one in named if _same(one, permissions)]
        if fit:
            return next((one for one in fit if one in held), fit[0])
        wanted = {"orgID": organisation, "description": description, "permissions": permissions}
        return str(_ask(http, "/api/v2/authorizations", body=wanted, headers=login)["token"])

    return Tokens(write=token(WRITER, "write"), read=token(READER, "read"))


def accepted(http: HttpApi, tokens: Sequence[str]) -> str:
    """The first of the tokens that InfluxDB lets in; the very first where it lets none in, or was never set up.

    Args:
        tokens: such as a header takes, at least one.

    Raises:
        UnexpectedAnswer: InfluxDB answers with an error.
    """
    if len(tokens) == 1 or _ask(http, "/api/v2/setup")["allowed"]:
        return tokens[0]
    lets_in = (one for one in tokens if http.ask("/api/v2/orgs", headers=token_header(one)).status == HTTPStatus.OK)
    return next(lets_in, tokens[0])


def ensure_bucket(http: HttpApi, admin: Admin, pipeline: Pipeline) -> tuple[str, str]:
    """Set InfluxDB up if it is new, make the bucket if it is gone; returns the ids of organisation and bucket.

    Raises as ``ensure_tokens``.
    """
    if _ask(http, "/api/v2/setup")["allowed"]:
        _ask(http, "/api/v2/setup", body=_first_set_up(admin, pipeline.store))
    login = token_header(admin.token)
    organisation = _organisation(http, login, pipeline)
    return organisation, _bucket(http, login, organisation, pipeline.store)


def _first_set_up(admin: Admin, store: Store) -> Json:
    return {
        "username": admin.username,
        "password": admin.password,
        "token": admin.token,
        "org": store.org,
        "bucket": store.bucket,
        "retentionPeriodSeconds": store.retention_s,
    }


def _organisation(http: HttpApi, login: Mapping[str, str], pipeline: Pipeline) -> str:
    reply = http.ask("/api/v2/orgs", {"org": pipeline.store.org}, headers=login)
    if reply.status == 401:
        raise PlatformError(
            f"InfluxDB does not know the token of the secret {pipeline.config.admin}:"
            " its volume is older than the secret",
            next_step=f"put the old secret back, or delete the claim {pipeline[roles.INFLUXDB].volume}"
            " with all readings in it",
        )
    return str(_checked(reply, "/api/v2/orgs")["orgs"][0]["id"])


def _bucket(http: HttpApi, login: Mapping[str, str], organisation: str, store: Store) -> str:
    query = {"name": store.bucket, "orgID": organisation}
    reply = http.ask("/api/v2/buckets", query, headers=login)
    found = [] if reply.status == 404 else _checked(reply, "/api/v2/buckets")["buckets"]
    if not found:
        rules = [{"type": "expire", "everySeconds": store.retention_s}]
        wanted = {"orgID": organisation, "name": store.bucket, "retentionRules": rules}
        found = [_ask(http, "/api/v2/buckets", body=wanted, headers=login)]
    return str(found[0]["id"])


def _permissions(action: str, organisation: str, bucket: str) -> list[Json]:
    return [{"action": action, "resource": {"type": "buckets", "id": bucket, "orgID": organisation}}]


def _same(entry: Json, wanted: list[Json]) -> bool:
    def shape(permission: Json) -> tuple[str, str | None, str | None]:
        resource = permission["resource"]
        return permission["action"], resource.get("type"), resource.get("id")

    return [shape(permission) for permission in entry["permissions"]] == [shape(permission) for permission in wanted]


def _ask(http: HttpApi, path: str, query: Mapping[str, str] | None = None, **options: Any) -> Json:
    return _checked(http.ask(path, query, **options), path)


def _checked(reply: Answer, path: str) -> Json:
    if reply.status >= 300:
        raise reply.refusal(path)
    return dict(reply.json())
