"""What InfluxDB holds beside points: its buckets, organisations, tasks and tokens, listed and changed by its API."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.clients.http import HttpApi
from pipeline_services.clients.influxdb import token_header

PAGE: Final = 100
"""What one answer has at most of what comes in pages."""
IN_PAGES: Final = frozenset({"buckets", "tasks"})


@dataclass(frozen=True, slots=True)
class InfluxApi:
    """The API with a token that may list and change what is asked for."""

    http: HttpApi
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """The header with the token."""
        return token_header(self.token)

    def listed(self, kind: str, **query: str) -> list[dict[str, Any]]:
        """All ``buckets``, ``orgs``, ``tasks`` or ``authorizations`` that the query leaves, as the API has them.

        Raises as ``HttpApi.ask_json``.
        """
        found: list[dict[str, Any]] = []
        limit = {"limit": str(PAGE)} if kind in IN_PAGES else {}
        while True:
            after = {"after": str(found[-1]["id"])} if found else {}
            answer = self.http.ask_json(f"/api/v2/{kind}", {**query, **limit, **after}, headers=self.headers)
            page = answer.get(kind) or []
            found += page
            if not limit or len(page) < PAGE:
                return found

    def change(self, method: str, path: str, body: bytes | dict[str, Any] = b"", **query: str) -> None:
        """Change what it holds; what is to be deleted and is not there is deleted. ``body``: bytes, or what is JSON.

        Raises:
            UnexpectedAnswer: it refuses.
        """
        kind = {} if isinstance(body, bytes) else {"Content-Type": "application/json"}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self.http.send(method, path, data, query, headers={**self.headers, **kind})
        if answer.status >= 300 and (method, answer.status) != ("DELETE", 404):
            raise answer.refusal(f"{method} {path}")
