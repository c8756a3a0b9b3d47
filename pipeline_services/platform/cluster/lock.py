"""One run at a time for each cache folder; a second one waits for the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pipeline_services.clients.failures import PlatformError
from pipeline_services.model.run_lock import LockHeld, sole_holder

WAIT_AT_MOST = 90 * 60.0


@contextmanager
def held(path: Path, purpose: str, note: Callable[[str], None], within: float = WAIT_AT_MOST) -> Iterator[None]:
    """Hold the lock at ``path`` while the block runs; a second run says who holds it and waits.

    Args:
        purpose: what this run does, for the one that has to wait.
        note: takes the one line that says for whom we wait.
        within: seconds to wait at most.

    Raises:
        PlatformError: the other run held it all that time.
    """
    with ExitStack() as lock:
        try:
            lock.enter_context(sole_holder(path, purpose))
        except LockHeld as first:
            note(f"waiting for {first.holder}, which holds {path}")
            try:
                lock.enter_context(sole_holder(path, purpose, timeout_s=within))
            except LockHeld as still:
                message = f"{still.holder} still works after {within:g} s"
                raise PlatformError(message, next_step="end it, then try again") from still
        yield
