"""A file is there whole, with its permissions, or as it was before."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_services.model import atomic
from pipeline_services.model.atomic import write_whole


def test_it_is_written_with_its_permissions_into_a_folder_that_is_made(tmp_path: Path) -> None:
    path = write_whole(tmp_path / "made" / "token", b"secret", 0o600)
    assert path.read_bytes() == b"secret"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_write_that_fails_leaves_the_old_file_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError("no space left on device")

    path = write_whole(tmp_path / "figures.json", b"old")
    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        write_whole(path, b"new")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("figures.json", b"old")]
