"""Files that grow by a line of JSON with each run, such as histories."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline_services.model.atomic import write_whole


def tables_in(file: Path) -> list[dict[str, Any]]:
    """The tables of a file, oldest first; no file has none, and neither has a line that was cut off or is no JSON.

    Raises:
        OSError: the file is there and cannot be read.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [found for line in lines if isinstance(found := _value(line), dict)]


def write_tables(file: Path, tables: Iterable[Mapping[str, Any]], mode: int = 0o644) -> Path:
    """Put these in the place of the file's tables. Raises OSError where the file cannot be written."""
    lines = (json.dumps(one, sort_keys=True, allow_nan=False) + "\n" for one in tables)
    return write_whole(file, "".join(lines).encode(), mode)


def _value(line: str) -> object:
    try:
        return json.loads(line, parse_constant=_refused)
    except ValueError:
        return None


def _refused(number: str) -> object:
    raise ValueError(f"{number} is no JSON")
