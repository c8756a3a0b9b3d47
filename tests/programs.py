"""Programs made on the spot, which stand in for those that a command would start."""

from __future__ import annotations

from pathlib import Path


def program(file: Path, text: str) -> Path:
    """An executable at this path with this text, its first line included."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(0o755)
    return file
