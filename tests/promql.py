"""Reads PromQL as far as the tests need it: which series a query selects."""

from __future__ import annotations

import re
from typing import Final

_TOKEN: Final = re.compile(
    r"\b(?:by|without|on|ignoring)\s*\([^)]*\)"  # labels of an aggregation or a match
    r"|\[[^]]*\]"  # a window
    r"|(?P<name>[a-zA-Z_:][\w:]*)\s*(?P<after>\{[^}]*\}|\()?"
)
_WORDS: Final = frozenset({"sum", "max", "min", "count", "or", "and", "unless", "bool"})


def selectors(promql: str) -> list[tuple[str, str]]:
    """Each metric that the query selects, with its matchers; an empty text where it has none."""
    return [
        (found["name"], found["after"] or "")
        for found in _TOKEN.finditer(promql)
        if found["name"] and found["name"] not in _WORDS and found["after"] != "("
    ]
