"""Facts as a TOML file: each line with the word found, guessed or fill in, and what it was found by."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pipeline_services.discover.facts import Fact
from pipeline_services.model.text import one_line

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


def toml(facts: Iterable[Fact]) -> str:
    """The tables in the order in which the facts first name them."""
    tables: dict[tuple[str | int, ...], list[Fact]] = {}
    for fact in facts:
        tables.setdefault(fact.table, []).append(fact)
    return "\n".join(_table(steps, lines) for steps, lines in tables.items())


def _table(steps: tuple[str | int, ...], facts: Iterable[Fact]) -> str:
    lines = [f"{_key(fact.key)} = {value(fact.value)} # {one_line(fact.remark)}" for fact in facts]
    name = ".".join(_key(step) for step in steps if isinstance(step, str))
    heads = [f"[[{name}]]" if isinstance(steps[-1], int) else f"[{name}]"] if steps else []
    return "\n".join([*heads, *lines]) + "\n"


def value(of: Any) -> str:
    """A value as TOML has it; a table stands within the line."""
    if isinstance(of, Mapping):
        inner = ", ".join(f"{_key(key)} = {value(one)}" for key, one in of.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(of, list | tuple):
        return f"[{', '.join(value(one) for one in of)}]"
    if isinstance(of, float) and of.is_integer():
        return str(int(of))
    # What JSON escapes, TOML escapes alike; it wants the delete character escaped, too.
    return json.dumps(of, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)
