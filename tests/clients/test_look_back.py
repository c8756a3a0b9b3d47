"""Prometheus and Loki are asked of nothing that was before the namespace: another one of its name may have been."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from pipeline_services.clients.http import HttpApi
from pipeline_services.clients.loki import LokiApi
from pipeline_services.clients.prometheus import PrometheusApi
from tests.clients.fake_servers import serving


@pytest.mark.parametrize(("since", "start"), [(0.0, 10.0), (15.0, 15.0), (99.0, 20.0)])
def test_a_look_back_begins_with_the_namespace(since: float, start: float) -> None:
    asked: list[float] = []

    def answer(kind: str, unit: float) -> Callable[[dict[str, str]], Any]:
        found = {"status": "success", "data": {"resultType": kind, "result": []}}
        return lambda query: asked.append(float(query["start"]) / unit) or (200, found)

    with serving({}) as server, closing(HttpApi("a-service", server.port)) as http:
        server.routes["/api/v1/query_range"] = answer("matrix", 1)
        server.routes["/loki/api/v1/query_range"] = answer("streams", 1e9)
        PrometheusApi(http, "plant", since=since).over_time("up", start=10, end=20, step=1)
        LokiApi(http, since).lines("{}", start=10, end=20, limit=1)
    assert asked == [start, start]
