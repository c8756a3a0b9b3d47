"""What tells one message of a topic from another, worked out from a few of them. Pure; no value of them is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pipeline_services.model.message import MalformedReading, decode
from pipeline_services.model.reading_identity import ISO_8601

MESSAGES_SOURCE: Final = "message_fields"
"""Of a discovery that could read the topic: what ``fields_of`` made of its newest messages."""
_TIME: Final = re.compile(r"(?i)time|date|^ts$|_ts$|_at$")
_WHOSE: Final = re.compile(r"(?i)(?:^|_)id$|device|sensor|machine|line|station")
_UNITS: Final = ((1e17, "ns"), (1e14, "us"), (1e11, "ms"), (0.0, "s"))


def fields_of(raw: Sequence[bytes]) -> dict[str, Any]:
    """Which fields say whose a message is, and which when it was: ``series``, ``time``, ``time_format``.

    ``own`` is whether they are messages of the suite's own apps, which are numbered; what cannot be told is not there.
    """
    if raw and all(map(_is_own, raw)):
        return {"own": True}
    messages = [one for one in map(_object, raw) if one]
    shared = [name for name in (messages[0] if messages else ()) if all(name in one for one in messages)]
    found: dict[str, Any] = {"own": False, "seen": len(messages)}
    for name in filter(_TIME.search, shared):
        formats = {_time_format(one[name]) for one in messages}
        if len(formats) == 1 and formats != {""}:
            found |= {"time": name, "time_format": formats.pop()}
            break
    whose = [name for name in shared if _WHOSE.search(name) and name != found.get("time") and _tells(name, messages)]
    return found | ({"series": whose} if whose else {})


def _is_own(raw: bytes) -> bool:
    try:
        decode(raw)
    except MalformedReading:
        return False
    return True


def _object(raw: bytes) -> Mapping[str, Any]:
    try:
        message = json.loads(raw)
    except ValueError:
        return {}  # one of another kind tells nothing of the others
    return message if isinstance(message, dict) else {}


def _tells(name: str, messages: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the values are those of things that send again and again; a number of the message itself is not."""
    values = [one[name] for one in messages]
    return all(isinstance(one, str | int) for one in values) and (len(values) < 3 or len(set(values)) < len(values))


def _time_format(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return next(unit for least, unit in _UNITS if value >= least)
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return ""
    return ISO_8601
