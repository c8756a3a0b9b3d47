"""One run at a time: a file lock that names the process that holds it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class LockHeld(Exception):
    """Another process holds the lock. ``holder`` names it and what it does."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


@contextmanager
def sole_holder(path: Path, purpose: str, *, timeout_s: float = 0.0) -> Iterator[None]:
    """Hold the lock at ``path`` while the block runs.

    The kernel releases it when the process ends, however that ends, so it never needs cleaning up.

    Args:
        purpose: what this run does, for the run that is refused.

    Raises:
        LockHeld: another process held it for ``timeout_s`` seconds.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - 20 ms, which a run that changes nothing need not pay

    # A marker file in place of the kernel's lock would outlive a killed run.
    lock = FileLock(path, fallback_to_soft=False)
    try:
        held = lock.acquire(timeout=timeout_s)
    except Timeout as error:
        raise LockHeld(path.read_text(encoding="utf-8").strip() or "another run") from error
    with held:
        path.write_text(f"process {os.getpid()} ({purpose})\n", encoding="utf-8")
        yield
