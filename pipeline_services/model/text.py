"""Text as people read it: lines of a length that can be read, counted things, moments and durations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

_VARYING: Final = re.compile(r"\b[\w.:/-]*\d[\w.:/-]*\b")
_SHAPE_CHARACTERS: Final = 160
"""Two messages that begin alike for so long are of one kind."""
_DAY_S: Final = 86_400
_SEQUENCE: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
_ASKED: Final = re.compile(r'\b(?:Get|Post) "(https?://[^/?"]+)[^"]*"')
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)")
"""All but tabs and the ends of lines, be they those of Windows."""


def printable(text: str) -> str:
    """The text without colours and other orders to a terminal; other control characters are question marks."""
    return _CONTROL.sub("?", _SEQUENCE.sub("", text)) if _CONTROL.search(text) else text


def one_line(text: object, width: int | None = None) -> str:
    """The text on one line, with single spaces; from ``width`` characters on it ends in three dots."""
    line = " ".join(str(text).split())
    return line if width is None or len(line) <= width else f"{line[: width - 3]}..."


def without_request(error: object) -> str:
    """What a Go program says of a request that failed: whom it asked, without what for, and why it failed."""
    return _ASKED.sub(r"\1", str(error))


def first_line(text: object) -> str:
    """What stands before the first line's end: of a finding or an error, what it says before it says why."""
    return str(text).partition("\n")[0]


def shape_of(text: str) -> str:
    """What a message says but for what differs each time: words with a digit, such as ids and times, are ``#``."""
    return _VARYING.sub("#", one_line(text))[:_SHAPE_CHARACTERS]


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """A table's rows as lines, in which what stands below each other begins below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def pairs(values: Mapping[str, str]) -> str:
    """Labels, or settings, as Kubernetes writes them: ``app=kafka, tier=data``."""
    return ", ".join(f"{key}={value}" for key, value in values.items())


def plural(count: int, one: str) -> str:
    """``1 finding``, ``2 findings``."""
    return f"{count} {one}" if count == 1 else f"{count} {one}s"


def utc(at: float) -> str:
    """A moment (epoch seconds) to the second: ``2026-01-31 12:00:00 UTC``."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def rfc3339(at: float) -> str:
    """A moment as Kubernetes writes it: ``2026-11-28T06:00:00Z``."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_ns(at_ns: int) -> str:
    """A moment to the nanosecond, as RFC 3339 writes it: ``2026-11-28T06:00:00.000000001Z``."""
    seconds, rest = divmod(at_ns, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def file_time(at: float) -> str:
    """A moment (epoch seconds) as part of a file's name, in an order that sorts: ``20260131T120000Z``."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")


def duration(seconds: float) -> str:
    """How long, in the largest units that say enough: 42 s, 3 min, 2 h 5 min, 4 days."""
    whole = max(0, round(seconds))
    if whole < 100:
        return f"{whole} s"
    if whole < 5400:
        return f"{round(whole / 60)} min"
    if whole < 2 * _DAY_S:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{round(whole / _DAY_S)} days"


def exact_duration(seconds: float) -> str:
    """How long, to the second below an hour: 0.8 s, 42 s, 3 min 05 s, 1 h 02 min."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
