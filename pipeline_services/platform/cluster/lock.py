"""One run at a time for each cache folder; a second one waits for the first."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from pipeline_services.model.failures import PlatformError
from pipeline_services.model.run_lock import sole_holder
from pipeline_services.model.say import Say

LOCK_TIMEOUT_S: Final = 90 * 60.0


def held(path: Path, purpose: str, note: Say, timeout_s: float = LOCK_TIMEOUT_S) -> AbstractContextManager[None]:
    """Hold the lock at ``path`` while the block runs; ``note`` takes the line that says for whom this run waits.

    Raises:
        PlatformError: the other run held it for ``timeout_s``.
    """
    return sole_holder(
        path,
        purpose,
        lambda holder: PlatformError(f"{holder} still works after {timeout_s:g} s", next_step="end it, then try again"),
        timeout_s=timeout_s,
        waiting=lambda holder: note(f"waiting for {holder}, which holds {path}"),
    )
