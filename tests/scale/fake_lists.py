"""An API server's lists in parts, as it gives them for ``limit`` and ``continue``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.clients.fake_servers import Reply


def paged(items: Sequence[dict[str, Any]]) -> Callable[[dict[str, str]], Reply]:
    """The route of a list."""

    def answer(query: dict[str, str]) -> Reply:
        start = int(query.get("continue", 0))
        end = start + int(query.get("limit", len(items)) or len(items))
        more = {"continue": str(end)} if end < len(items) else {}
        return 200, {"kind": "List", "metadata": more, "items": items[start:end]}

    return answer
