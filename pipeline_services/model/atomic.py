"""Files that are written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def write_whole(path: Path, content: bytes, mode: int = 0o644) -> Path:
    """Put ``content`` at ``path``, on disk when this returns; whoever reads meanwhile, or after a crash, sees it whole.

    Args:
        mode: the permissions, from the file's first byte on.
    """
    with open_whole(path, mode) as file:
        file.write(content)
    return path


def write_json(path: Path, document: object, mode: int = 0o644) -> Path:
    """Put a document for programs at ``path``, as ``write_whole`` does."""
    return write_whole(path, json_text(document).encode(), mode)


def json_text(document: object) -> str:
    """The text of a document for programs, which people read, too."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


@contextmanager
def open_whole(path: Path, mode: int = 0o644) -> Iterator[IO[bytes]]:
    """A file to write piece by piece, which is at ``path``, and on disk, once the block is left without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:  # noqa: PTH123 - a mode
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
