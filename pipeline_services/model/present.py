"""What cannot be missing at this point of the program: said once, so that no ``assert`` disappears under ``-O``."""

from __future__ import annotations

from typing import TypeVar

Value = TypeVar("Value")


def present(value: Value | None, what: str) -> Value:
    """The value.

    Raises:
        RuntimeError: it is None, which is a defect of this program and says nothing about the pipeline.
    """
    if value is None:
        raise RuntimeError(f"there is no {what} yet, or no more")
    return value
