"""One run at a time: a file lock that names its holder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline_services.model.errors import PipelineError
from pipeline_services.model.paths import not_writable


@contextmanager
def sole_holder(
    path: Path,
    purpose: str,
    refusal: Callable[[str], PipelineError],
    *,
    timeout_s: float = 0.0,
    waiting: Callable[[str], None] = lambda _holder: None,
) -> Iterator[None]:
    """Hold the lock at ``path`` while the block runs. The kernel releases it with the process, however that ends.

    Args:
        purpose: what this run does, for another one that wants the lock.
        refusal: makes the error from the holder's name.
        waiting: takes the holder's name before a wait.

    Raises:
        PreconditionNotMet: the lock cannot be written.
        PipelineError: that of ``refusal``; another process held the lock for ``timeout_s``.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - 20 ms, which a run that changes nothing need not pay

    # A marker file in place of the kernel's lock would outlive a killed run.
    lock = FileLock(path, fallback_to_soft=False)
    try:
        with suppress(Timeout):
            lock.acquire(timeout=0)
    except OSError as error:
        raise not_writable(path, error) from error
    if not lock.is_locked:
        waiting(_holder(path))
        try:
            lock.acquire(timeout=timeout_s)
        except Timeout as error:
            raise refusal(_holder(path)) from error
    try:
        path.write_text(f"process {os.getpid()} ({purpose})\n", encoding="utf-8")
        yield
    finally:
        lock.release()


def _holder(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() or "another run"
