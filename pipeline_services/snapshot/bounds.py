"""Keeps a snapshot small enough to attach to every report, and its texts fit for a terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipeline_services.model.text import printable

LIMIT: Final = 2 << 20
LONGEST: Final = 64 << 10
CUT: Final = "...[cut]"
SHORT: Final = 256
"""Characters up to which a text is never cut for its length alone."""
ONSET_STEP_S: Final = 15.0
"""Seconds between two samples of the last half hour's series, which triage reads to date a fault."""
SHRINKABLE: Final = ("logs/", "loki/all", "loki/errors", "events", "changes")
"""What may lose its oldest entries when the whole is too large; nothing that is judged by its presence is here."""
_ESCAPED: Final = re.compile(r"\\(.)")
_CONTROL: Final = frozenset("bfru")
"""What in JSON behind a backslash stands, or may stand, for a control character; tab and newline are none here."""
_UNUSUAL: Final = tuple(map(chr, range(0x7F, 0xA0)))
"""The control characters that stand in JSON as they are."""


def is_bounded(text: str) -> bool:
    """Whether it is sure at a glance that ``bounded`` would leave what a JSON text holds as it is.

    Nearly every saved snapshot is like that: far below the limit, with a quotation mark every few characters.
    """
    if len(text) > LIMIT:
        return False
    half = LONGEST // 2
    if any(one in text for one in _UNUSUAL) or not _CONTROL.isdisjoint(_ESCAPED.findall(text)):
        return False
    return all('"' in text[start : start + half] for start in range(0, len(text), half))


def bounded(answers: Mapping[str, Any], limit: int = LIMIT, longest: int = LONGEST) -> dict[str, Any]:
    """The answers, printable, their logs, events and long texts in at most ``limit`` bytes where cutting achieves it.

    How many objects there are is not bounded: each of them may be judged, and thousands in outline take a few MiB.

    Args:
        limit: bytes for all together; the last resort is to shorten every text, for a report and not for what is read.
        longest: characters for any one text.
    """
    kept = {source: _cut(answer, longest) for source, answer in answers.items()}
    sizes = {source: _size(source, answer) for source, answer in kept.items()}
    left = {source for source in kept if source.startswith(SHRINKABLE)}
    while left and sum(sizes.values()) > limit:
        source = max(left, key=sizes.__getitem__)
        kept[source], before = newer_half(kept[source]), sizes[source]
        sizes[source] = _size(source, kept[source])
        if sizes[source] < longest // 16 or sizes[source] == before:
            left.remove(source)
    if sum(sizes.values()) > limit and longest > SHORT and limit <= LIMIT:
        return bounded(kept, limit, longest // 4)
    return kept


def _size(source: str, answer: Any) -> int:
    """The bytes that count: of what can lose entries all, of anything else its long texts."""
    if source.startswith(SHRINKABLE):
        return len(json.dumps(answer, ensure_ascii=False).encode())
    return sum(len(text.encode()) for text in _long_texts(answer))


def _long_texts(tree: Any) -> Iterator[str]:
    left = [tree]
    while left:
        node = left.pop()
        if isinstance(node, str):
            if len(node) > SHORT:
                yield node
        elif isinstance(node, dict):
            left += node.values()
        elif isinstance(node, list):
            left += node


def _cut(node: Any, longest: int) -> Any:
    if isinstance(node, str):
        return printable(node if len(node) <= longest else node[:longest] + CUT)
    if isinstance(node, dict):
        return {key: _cut(value, longest) for key, value in node.items()}
    return [_cut(item, longest) for item in node] if isinstance(node, list) else node


def newer_half(entries: list[Any]) -> list[Any]:
    """Logs and Loki's streams keep every entry and its newest line; another list of ``SHRINKABLE`` its newer entries.

    Log lines stand oldest first, Loki's values newest first.
    """
    if not all(isinstance(entry, dict) and ("lines" in entry or "values" in entry) for entry in entries):
        return entries[len(entries) // 2 :]
    return [
        {**entry, "lines": entry["lines"][len(entry["lines"]) // 2 :]}
        if "lines" in entry
        else {**entry, "values": entry["values"][: (len(entry["values"]) + 1) // 2]}
        for entry in entries
    ]
