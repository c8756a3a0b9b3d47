"""Texts that cost time to make and are the same run after run, kept in the user's cache folder."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path

from pipeline_services.model.atomic import write_whole


def kept(folder: Path, made_from: str, make: Callable[[], str]) -> str:
    """What ``make`` returns, or what it returned to an earlier run for the same ``made_from``.

    The folder keeps one text, of the newest run. Where it cannot be written, the next run has to make it again.
    """
    file = folder / f"{hashlib.sha256(made_from.encode()).hexdigest()[:16]}.txt"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    text = make()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.txt"):
            old.unlink(missing_ok=True)
        write_whole(file, text.encode())
    return text
