"""A fault that is one step, and its undo another one."""

from __future__ import annotations

from typing import TypeVar

from pipeline_services.faults.journal import Call, Command
from pipeline_services.faults.model import Fault

Kind = TypeVar("Kind", Call, Command)


def both_steps(fault: Fault, kind: type[Kind]) -> tuple[Kind, Kind]:
    """What makes the fault and what undoes it."""
    (made,), (undone,) = fault.inject, fault.undo
    assert isinstance(made, kind)
    assert isinstance(undone, kind)
    return made, undone
