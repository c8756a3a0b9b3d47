"""One run at a time for each cache folder: a file lock that names who holds it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline_services.clients.failures import PlatformError
from pipeline_services.model.waiting import WaitExpired, wait_until

WAIT_AT_MOST = 90 * 60.0


@contextmanager
def held(path: Path, purpose: str, note: Callable[[str], None], within: float = WAIT_AT_MOST) -> Iterator[None]:
    """Hold the lock at ``path`` while the block runs; a second run says who holds it and waits.

    The system drops the lock with the process, however that ends, so it never needs cleaning up.

    Args:
        purpose: what this run does, for the one that has to wait.
        note: takes the one line that says for whom we wait.
        within: seconds to wait at most.

    Raises:
        PlatformError: the other run held it all that time.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        if not _taken(descriptor):
            holder = path.read_text(encoding="utf-8").strip() or "another run"
            note(f"waiting for {holder}, which holds {path}")
            _wait(descriptor, holder, within)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} ({purpose})\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(descriptor: int, holder: str, within: float) -> None:
    try:
        wait_until(lambda: _taken(descriptor), within=within, what=f"{holder} to finish")
    except WaitExpired as error:
        raise PlatformError(f"{holder} still works after {within:g} s", next_step="end it, then try again") from error
