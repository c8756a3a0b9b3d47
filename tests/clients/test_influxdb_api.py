"""Lists come whole, in as many pages as they have; a change that is refused is no change."""

from __future__ import annotations

from typing import Any, cast

import pytest

from pipeline_services.clients.http import Answer, HttpApi
from pipeline_services.clients.influxdb_api import PAGE, InfluxApi
from pipeline_services.model.errors import UnexpectedAnswer


class Influx:
    """InfluxDB with more than two pages of everything; it refuses each change with ``status``."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.held = [{"id": f"{number:04}"} for number in range(2 * PAGE + 1)]

    def ask_json(self, path: str, query: dict[str, str], headers: dict[str, str]) -> dict[str, Any]:
        assert headers == {"Authorization": "Token secret"}
        after = [one for one in self.held if one["id"] > query.get("after", "")]
        return {path.rpartition("/")[2]: after[: int(query["limit"])] if "limit" in query else self.held}

    def send(self, *_: Any, **_options: Any) -> Answer:
        return Answer(self.status, b"no", "InfluxDB")


def api(influx: Influx) -> InfluxApi:
    return InfluxApi(cast(HttpApi, influx), "secret")


@pytest.mark.parametrize("kind", ["buckets", "tasks", "authorizations", "orgs"])
def test_all_of_a_kind_are_listed_once(kind: str) -> None:
    influx = Influx()
    assert api(influx).listed(kind) == influx.held
    influx.held = influx.held[: 2 * PAGE]
    assert api(influx).listed(kind, name="a") == influx.held
    influx.held = []
    assert api(influx).listed(kind) == []


@pytest.mark.parametrize(("method", "status"), [("POST", 422), ("PATCH", 404), ("DELETE", 401)])
def test_a_refused_change_is_told(method: str, status: int) -> None:
    with pytest.raises(UnexpectedAnswer, match=f"InfluxDB answers {status} to {method} /api/v2/buckets: no"):
        api(Influx(status)).change(method, "/api/v2/buckets", {"name": "a"})


def test_what_is_gone_already_is_deleted() -> None:
    api(Influx(404)).change("DELETE", "/api/v2/buckets/0a")
