"""Why an answer could not be had.

An ``AssertionError`` says that the pipeline is wrong (Allure: *failed*). Everything here says that we could not
know (Allure: *broken*), which is never a pass::

    PipelineError
    ├── ServiceUnreachable     nothing answered
    ├── UnexpectedAnswer       something answered, but not what it should have
    │   ├── AccessDenied       the answer was "you may not"
    │   ├── Conflict           there is one already, or another version of it
    │   └── Invalid            what was asked for cannot be
    ├── NoData                 a good answer with nothing, or nothing fresh, in it
    │   └── NotAsked           the snapshot is of a suite that did not ask for it yet
    └── PreconditionNotMet     the question cannot be asked in this state
        └── NotApplicable      this pipeline has nothing of what it is about
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class PipelineError(Exception):
    """The state of the pipeline could not be learnt. ``next_step`` is a command or a hint, or empty."""

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.message}. Next: {self.next_step}" if self.next_step else self.message


class ServiceUnreachable(PipelineError):
    """No answer from a service: refused, timed out, no route, no such name."""


class UnexpectedAnswer(PipelineError):
    """A service answered with an error or with something that cannot be read."""


class AccessDenied(UnexpectedAnswer):
    """The account may not do ``verb`` on ``resource``."""

    def __init__(self, verb: str, resource: str) -> None:
        super().__init__(
            f"not allowed to {verb} {resource}",
            next_step=f"grant {verb} on {resource} to the account that runs the checks",
        )
        self.verb = verb
        self.resource = resource


class Conflict(UnexpectedAnswer):
    """There is such an object already, or another version of it."""


class Invalid(UnexpectedAnswer):
    """The object that was asked for cannot be, or cannot become so from what it is."""


class NoData(PipelineError):
    """The source answered, but with no value, a stale value or NaN."""


class NotAsked(NoData):
    """Nobody asked the source: the snapshot was taken by an older suite."""


class PreconditionNotMet(PipelineError):
    """What the question takes for granted is not so."""


class NotApplicable(PreconditionNotMet):
    """The pipeline, or the cluster that it is in, has nothing of what the question is about."""


@contextmanager
def readable(what: str, *, next_step: str = "") -> Iterator[None]:
    """What is taken apart within has the shape that it should have. Raises UnexpectedAnswer where it has another."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise UnexpectedAnswer(f"{what} cannot be read: {error}", next_step=next_step) from error
