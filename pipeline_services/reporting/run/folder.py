"""The report's folder: filled aside, then put in place, so that it always holds one whole report."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

_DRAFT: Final = ".run-"


class ReportFolder:
    """``path`` is what the operator opens; ``draft`` is where this run writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.draft = path / f"{_DRAFT}{os.getpid()}"

    def open(self) -> None:
        """Make the draft, and clear away what killed runs left behind."""
        self.path.mkdir(parents=True, exist_ok=True)
        for left in self.path.glob(f"{_DRAFT}*"):
            if not _is_running(left.name.removeprefix(_DRAFT)):
                shutil.rmtree(left, ignore_errors=True)
        self.draft.mkdir(exist_ok=True)

    def publish(self, names: tuple[str, ...], into: Path | None = None) -> None:
        """Put the draft's files of these names in place; a name without a draft is taken away, as it would be stale.

        Args:
            into: the place, where it is not ``path``.
        """
        for name in names:
            made, place = self.draft / name, (into or self.path) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if made.exists():
                made.replace(place)
            else:
                place.unlink(missing_ok=True)

    def discard(self) -> None:
        """Take the draft away."""
        shutil.rmtree(self.draft, ignore_errors=True)


def _is_running(pid: str) -> bool:
    import psutil  # noqa: PLC0415 - only where a killed run left something behind

    return pid.isdecimal() and int(pid) != os.getpid() and psutil.pid_exists(int(pid))
