"""How many incidents and archives a folder of reports keeps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

KEPT: Final[Mapping[str, int]] = {"incident-*.md": 50, "evidence-*.tar.gz": 10}
"""The newest of these; their names sort by time."""


def prune(folder: Path) -> None:
    """Delete the oldest, so that runs in an outage of days do not fill the disk."""
    for pattern, count in KEPT.items():
        for old in sorted(folder.glob(pattern))[:-count]:
            old.unlink(missing_ok=True)
