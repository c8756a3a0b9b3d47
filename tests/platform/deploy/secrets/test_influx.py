"""InfluxDB is set up once, and each token is found again or made, for one bucket and one action."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from pipeline_services.model.failures import PlatformError
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.deploy.secrets.influx import READER, WRITER, Admin, Tokens, accepted, ensure_tokens

PIPELINE = Pipeline.load()
ADMIN = Admin("operator", "a password", "the operator's token")


@dataclass
class Reply:
    status: int
    content: Any

    @property
    def text(self) -> str:
        return json.dumps(self.content)

    def json(self) -> Any:
        return self.content


@dataclass
class FakeInfluxDB:
    """As much of InfluxDB as the set-up asks for."""

    admin_token: str | None = None
    buckets: dict[str, str] = field(default_factory=dict)
    authorizations: list[dict[str, Any]] = field(default_factory=list)
    made: list[str] = field(default_factory=list)

    def ask(self, path: str, query: Mapping[str, str] | None = None, *, body: Any = None, headers: Any = None) -> Reply:
        if path == "/api/v2/setup":
            return self._set_up(body)
        if (headers or {}).get("Authorization") != f"Token {self.admin_token}":
            return Reply(401, {"code": "unauthorized"})
        if path == "/api/v2/orgs":
            return Reply(200, {"orgs": [{"id": "org1", "name": (query or {}).get("org")}]})
        return self._buckets(query, body) if path == "/api/v2/buckets" else self._authorizations(body)

    def _set_up(self, body: Any) -> Reply:
        if body is None:
            return Reply(200, {"allowed": self.admin_token is None})
        self.admin_token = body["token"]
        self.buckets[body["bucket"]] = "bucket1"
        self.made.append("set-up")
        return Reply(201, {})

    def _buckets(self, query: Mapping[str, str] | None, body: Any) -> Reply:
        if body is not None:
            self.buckets[body["name"]] = "bucket2"
            self.made.append("bucket")
            return Reply(201, {"id": "bucket2"})
        name = (query or {})["name"]
        known = self.buckets.get(name)
        return Reply(200, {"buckets": [{"id": known}]}) if known else Reply(404, {"code": "not found"})

    def _authorizations(self, body: Any) -> Reply:
        if body is None:
            return Reply(200, {"authorizations": self.authorizations})
        self.made.append(body["description"])
        entry = {**body, "status": "active", "token": f"token {len(self.authorizations)}"}
        self.authorizations.append(entry)
        return Reply(201, entry)


@pytest.fixture
def influxdb() -> FakeInfluxDB:
    return FakeInfluxDB()


@pytest.fixture
def tokens(influxdb: FakeInfluxDB) -> Tokens:
    return ensure_tokens(influxdb, ADMIN, PIPELINE)


def test_a_new_one_is_set_up_with_scoped_tokens(influxdb: FakeInfluxDB, tokens: Tokens) -> None:
    assert influxdb.made == ["set-up", WRITER, READER]
    assert len({tokens.write, tokens.read, ADMIN.token}) == 3
    actions = {entry["description"]: entry["permissions"] for entry in influxdb.authorizations}
    resource = {"type": "buckets", "id": "bucket1", "orgID": "org1"}
    assert actions == {
        WRITER: [{"action": "write", "resource": resource}],
        READER: [{"action": "read", "resource": resource}],
    }


def test_nothing_is_made_twice(influxdb: FakeInfluxDB, tokens: Tokens) -> None:
    influxdb.made.clear()
    assert ensure_tokens(influxdb, ADMIN, PIPELINE) == tokens
    assert influxdb.made == []


def test_amid_a_rotation_the_token_that_is_handed_out_stays(influxdb: FakeInfluxDB, tokens: Tokens) -> None:
    influxdb.authorizations += [{**one, "token": f"new {one['token']}"} for one in influxdb.authorizations]
    influxdb.made.clear()
    assert ensure_tokens(influxdb, ADMIN, PIPELINE, {f"new {tokens.write}", tokens.read}) == Tokens(
        f"new {tokens.write}", tokens.read
    )
    assert ensure_tokens(influxdb, ADMIN, PIPELINE, {"a token that nobody knows"}) == tokens
    assert influxdb.made == []


def test_an_inactive_token_is_replaced(influxdb: FakeInfluxDB, tokens: Tokens) -> None:
    influxdb.authorizations[0]["status"] = "inactive"
    renewed = ensure_tokens(influxdb, ADMIN, PIPELINE)
    assert renewed.write != tokens.write
    assert renewed.read == tokens.read


def test_a_token_with_more_rights_than_needed_is_replaced(influxdb: FakeInfluxDB, tokens: Tokens) -> None:
    influxdb.authorizations[0]["permissions"].append({"action": "read", "resource": {"type": "buckets"}})
    assert ensure_tokens(influxdb, ADMIN, PIPELINE).write != tokens.write


def test_a_bucket_that_is_gone_is_made_again_with_new_tokens(influxdb: FakeInfluxDB, tokens: Tokens) -> None:
    influxdb.buckets.clear()
    influxdb.made.clear()
    renewed = ensure_tokens(influxdb, ADMIN, PIPELINE)
    assert influxdb.made == ["bucket", WRITER, READER]
    assert influxdb.buckets == {PIPELINE.store.bucket: "bucket2"}
    assert tokens.write != renewed.write


def test_a_volume_of_another_operator_is_said_to_be_one(influxdb: FakeInfluxDB, tokens: Tokens) -> None:
    influxdb.admin_token = "another"
    with pytest.raises(PlatformError, match="does not know the token of the secret influxdb-admin"):
        ensure_tokens(influxdb, ADMIN, PIPELINE)


def test_of_several_tokens_the_one_that_is_let_in_is_the_operators(influxdb: FakeInfluxDB, tokens: Tokens) -> None:
    assert accepted(influxdb, ["another", ADMIN.token]) == ADMIN.token
    assert accepted(influxdb, ["another", "one more"]) == "another"


def test_a_new_influxdb_has_let_nobody_in_yet(influxdb: FakeInfluxDB) -> None:
    assert accepted(influxdb, ["first", "second"]) == "first"
    assert influxdb.made == []
