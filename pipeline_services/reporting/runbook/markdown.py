"""Tables as Markdown has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

_BAR: Final = re.compile(r"(?<!\\)\|")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows with their head; a cell may hold a ``|``."""
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def cells(line: str) -> list[str]:
    """The cells of one row; empty for a line that is no row."""
    if not line.startswith("|"):
        return []
    return [cell.strip().replace("\\|", "|") for cell in _BAR.split(line.rstrip())[1:-1]]
