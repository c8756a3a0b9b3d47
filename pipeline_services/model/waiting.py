"""The one way to wait: for a condition, until a deadline, saying what for."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from pipeline_services.model.errors import PipelineError

T = TypeVar("T")
log = logging.getLogger(__name__)

PROGRESS_EVERY = 10.0


class WaitExpired(PipelineError):
    """The condition did not come true in time. ``last`` is the last thing seen."""

    def __init__(self, message: str, last: object) -> None:
        super().__init__(message)
        self.last = last


def wait_until(
    condition: Callable[[], T],
    *,
    within: float,
    what: str,
    every: float = 0.25,
    retry_on: tuple[type[Exception], ...] = (),
    hopeless: Callable[[T], str | None] | None = None,
) -> T:
    """Call ``condition`` until it is truthy and return what it returned.

    Args:
        condition: asked again every ``every`` seconds.
        within: seconds, on the monotonic clock, after which to give up.
        what: the goal in words, for the log and the error.
        retry_on: the only exceptions that mean "ask again"; any other one goes through.
        hopeless: given what was seen, says why the goal can no longer be reached, or None.

    Raises:
        WaitExpired: at the deadline or as soon as it is hopeless, with the last observation and the last error.
    """
    started = time.monotonic()
    next_progress = started + PROGRESS_EVERY
    last: object = None
    error: Exception | None = None
    while True:
        try:
            seen = condition()
        except retry_on as caught:
            error = caught
        else:
            if seen:
                return seen
            last, error = seen, None
            reason = hopeless(seen) if hopeless else None
            if reason:
                raise WaitExpired(f"gave up waiting for {what}: {reason}", last)
        now = time.monotonic()
        if now - started >= within:
            raise WaitExpired(_expired(what, within, last, error), last) from error
        if now >= next_progress:
            next_progress = now + PROGRESS_EVERY
            log.info("still waiting for %s: %.0f of at most %.0f s", what, now - started, within)
        time.sleep(min(every, max(0.0, started + within - now)))


def _expired(what: str, within: float, last: object, error: Exception | None) -> str:
    tail = f"; last error: {error}" if error else f"; last seen: {last!r}"
    return f"timed out after {within:g} s waiting for {what}{tail}"
