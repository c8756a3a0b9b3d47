"""Prometheus: one value now, a look back, and who is scraped."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pipeline_services.clients.http import HttpApi
from pipeline_services.clients.promql import limited
from pipeline_services.model.errors import UnexpectedAnswer


class PrometheusApi:
    """Asks Prometheus over ``http`` about one namespace: others may be scraped by the same server.

    Queries are templates: see ``promql.limited``.

    Args:
        words: what other placeholders stand for; see ``Pipeline.query_words``.
        since: when the namespace was made (epoch seconds): what was in one of its name before is nobody's past.
    """

    def __init__(
        self, http: HttpApi, namespace: str, words: Mapping[str, str] = MappingProxyType({}), since: float = 0.0
    ) -> None:
        self._http = http
        self._since = since
        self._namespace = namespace
        self._words = words

    def query(self, promql: str) -> list[dict[str, Any]]:
        """The result of an instant query as Prometheus gives it; a scalar becomes a series without labels.

        Values are strings, among them ``NaN`` and ``+Inf``: use ``number``.

        Raises:
            UnexpectedAnswer: the query is wrong or took too long for Prometheus.
        """
        data = self._data("/api/v1/query", {"query": limited(promql, self._namespace, self._words)})
        result = data["result"]
        return [{"metric": {}, "value": result}] if data["resultType"] in ("scalar", "string") else list(result)

    def over_time(self, promql: str, *, start: float, end: float, step: float) -> list[dict[str, Any]]:
        """The series of a query between two moments (epoch seconds), as Prometheus gives them: ``metric``, ``values``.

        It begins with the namespace, where that is younger.

        Raises:
            UnexpectedAnswer: the query is wrong or took too long for Prometheus.
        """
        start = min(max(start, self._since), end)
        moments = {"start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:g}"}
        return list(
            self._data("/api/v1/query_range", {"query": limited(promql, self._namespace, self._words), **moments})[
                "result"
            ]
        )

    def targets(self) -> list[dict[str, Any]]:
        """The active targets of the namespace and those of none (nodes), without their labels before relabelling."""
        active = self._data("/api/v1/targets", {"state": "active"})["activeTargets"]
        return [
            {key: value for key, value in target.items() if key != "discoveredLabels"}
            for target in active
            if target["labels"].get("namespace", self._namespace) == self._namespace
        ]

    def _data(self, path: str, query: dict[str, str]) -> Any:
        answer = self._http.ask_json(path, query)
        if answer.get("status") != "success":
            raise UnexpectedAnswer(f"{self._http.service}: {answer.get('errorType')}: {answer.get('error')}")
        return answer["data"]


def number(text: str) -> float:
    """A sample's value; ``NaN``, ``+Inf`` and ``-Inf`` included. Raises UnexpectedAnswer where it is not a number."""
    try:
        return float(text)
    except ValueError as error:
        raise UnexpectedAnswer(f"{text!r} is not a sample value") from error
