"""Files that grow by a line of JSON with each run, such as histories."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def tables_in(file: Path) -> list[dict[str, Any]]:
    """The tables of a file, oldest first; no file has none, and neither has a line that a killed run cut off.

    Raises:
        OSError: the file is there and cannot be read.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [found for line in lines if isinstance(found := _value(line), dict)]


def _value(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None
