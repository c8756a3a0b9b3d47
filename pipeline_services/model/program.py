"""What a command of the suite does before it imports the rest of itself."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import Final

from pipeline_services.model.environment import use_own
from pipeline_services.model.exit_codes import stopped_by
from pipeline_services.model.signals import raise_from_now
from pipeline_services.model.standard_output import unbreakable_from_now

NEEDED: Final = "platformdirs"
"""A package that an environment without those of requirements.lock lacks."""


def begin(module: str) -> None:
    """Use the checkout's own Python, and end in one line where a signal stops the program.

    Args:
        module: what ``python -m`` was given.
    """
    end_in_one_line()
    use_own(module, sys.argv[1:], NEEDED)


def end_in_one_line() -> None:
    """To the end of the program: no signal, and no output that is closed or full, ends it in a traceback.

    Within another program, such as a test of this one, nothing is changed.
    """
    if sys.stdout is sys.__stdout__:
        unbreakable_from_now()
        raise_from_now()
        sys.excepthook = _ended


def _ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not isinstance(error, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    sys.stdout.flush()
    sys.stderr.write(f"Stopped by {str(error) or 'Ctrl-C'}.\n")
    sys.stderr.flush()
    os._exit(stopped_by(error))  # Python would end with the code of Ctrl-C, whatever the signal was
