"""How bad a log line is, whichever of the pipeline's formats it has."""

from __future__ import annotations

import json
import re
from typing import Final

SEVERE: Final = frozenset({"ERROR", "FATAL", "CRITICAL", "PANIC", "SEVERE"})
_WORD = re.compile(r"\b(?:lvl=|level=|\")?(ERROR|FATAL|CRITICAL|PANIC|SEVERE|Traceback \(most recent call last\))")
_FIELD = re.compile(r"\b(?:lvl|level)=\"?(\w+)")


def is_severe(text: str) -> bool:
    """Whether a line is an error or worse, whichever of the four log formats it has."""
    if text.startswith("{"):
        try:
            return str(json.loads(text).get("level", "")).upper() in SEVERE
        except ValueError:
            pass  # cut off in the middle: judged by its words
    field = _FIELD.search(text)
    if field:
        return field.group(1).upper() in SEVERE
    return _WORD.search(text) is not None
