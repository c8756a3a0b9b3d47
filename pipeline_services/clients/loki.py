"""Loki: ready, the log lines that a query finds, and how new each pod's are."""

from __future__ import annotations

from typing import Any, Final

from pipeline_services.clients.http import Answer, HttpApi
from pipeline_services.model.errors import UnexpectedAnswer

NANO: Final = 1_000_000_000
STEP: Final = 10.0


class LokiApi:
    """Asks Loki over ``http``; of nothing before ``since`` (epoch seconds), when the namespace was made."""

    def __init__(self, http: HttpApi, since: float = 0.0) -> None:
        self._http = http
        self._since = since

    def ready(self) -> Answer:
        """What ``/ready`` says: status 200 once Loki takes and answers."""
        return self._http.ask("/ready")

    def lines(
        self, logql: str, *, start: float, end: float, limit: int, oldest_first: bool = False
    ) -> list[dict[str, Any]]:
        """The newest ``limit`` lines between two moments (epoch seconds), or the oldest, as Loki's streams."""
        direction = "forward" if oldest_first else "backward"
        return self._range(logql, start, end, {"limit": str(limit), "direction": direction}, "streams")

    def newest_by_pod(self, namespace: str, *, start: float, end: float) -> dict[str, float]:
        """For each pod with lines between two moments the time of its newest (epoch seconds), to 10 s."""
        counted = f'sum by (pod) (count_over_time({{namespace="{namespace}"}}[{STEP:g}s]))'
        series = self._range(counted, start, end, {"step": f"{STEP:g}"}, "matrix")
        return {
            item["metric"].get("pod", ""): max(
                (float(at) for at, count in item["values"] if float(count) > 0), default=0
            )
            for item in series
        }

    def _range(self, logql: str, start: float, end: float, more: dict[str, str], kind: str) -> list[dict[str, Any]]:
        start = min(max(start, self._since), end)
        moments = {"start": str(int(start * NANO)), "end": str(int(end * NANO))}
        answer = self._http.ask_json("/loki/api/v1/query_range", {"query": logql, **moments, **more})
        data = answer.get("data", {})
        if data.get("resultType") != kind:
            raise UnexpectedAnswer(f"{self._http.service} answers with {data.get('resultType')}, not {kind}: {logql}")
        return list(data["result"])
