"""A rotation step by step: each next step is found from what the cluster shows, so that any run can go on with it.

Nothing is kept on this machine. A step that was broken off is begun again by the next run; what it had done already is
seen, and not done twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from pipeline_services.model.errors import UnexpectedAnswer
from pipeline_services.model.say import Say


class Rotation(Protocol):
    """What is rotated, and how."""

    @property
    def what(self) -> str:
        """A name for it."""

    @property
    def steps(self) -> Sequence[str]:
        """All steps in their order."""

    def next_step(self) -> str | None:
        """What the cluster shows to be next; None where no rotation is under way."""

    def explain(self, step: str) -> str:
        """What a step does, and to what."""

    def do(self, step: str) -> None:
        """Do a step to its end."""

    def foreseen(self) -> list[str]:
        """What is there, and what would restart; a line each."""

    def findings(self) -> list[str]:
        """What is not right after it; a line each."""


def carry_out(rotation: Rotation, say: Say, mark: Callable[[str], None] = lambda _step: None) -> list[str]:
    """Rotate, or go on where a run before was broken off; returns the steps that were done.

    Args:
        mark: is told each step before it begins.

    Raises:
        UnexpectedAnswer: a step was done, and the cluster does not show that.
        PipelineError: a step was refused.
    """
    first = rotation.next_step()
    if first is not None:
        say(f"a rotation of {rotation.what} is under way; going on with it")
    done: list[str] = []
    step: str | None = first or rotation.steps[0]
    while step is not None:
        if done and not _follows(rotation, step, done[-1]):
            raise UnexpectedAnswer(
                f"the step {done[-1]} was done, and the cluster shows that {step} is next",
                next_step="the same command again",
            )
        say(progress_line(rotation, step))
        mark(step)
        _do(rotation, step, say)
        done.append(step)
        step = rotation.next_step()
    return done


def _do(rotation: Rotation, step: str, say: Say) -> None:
    try:
        rotation.do(step)
    except KeyboardInterrupt:
        say(f"stopped in the step {step}: the pipeline keeps running, and the same command continues from here")
        raise


def progress_line(rotation: Rotation, step: str) -> str:
    """Which step of how many, what it does, and which are left."""
    index = rotation.steps.index(step)
    left = ", ".join(rotation.steps[index + 1 :]) or "nothing"
    return f"step {index + 1} of {len(rotation.steps)}, {step}: {rotation.explain(step)}; left: {left}"


def ahead(rotation: Rotation, step: str | None) -> list[str]:
    """The steps that a run would do from here."""
    return list(rotation.steps[rotation.steps.index(step) if step else 0 :])


def _follows(rotation: Rotation, step: str, before: str) -> bool:
    return rotation.steps.index(step) > rotation.steps.index(before)
