"""What every command of the suite ends with; README.md has the same table for its readers."""

from __future__ import annotations

import signal
from typing import Final

PASSED: Final = 0
FOUND: Final = 1
"""A check failed, triage has findings, a scenario did not hold."""
NOT_KNOWN: Final = 2
SUITE_FAILED: Final = 3
REFUSED: Final = 4
"""The command asked for something that is not there or makes no sense; nothing was judged."""
STOPPED: Final = 128 + signal.SIGINT


def stopped_by(what: KeyboardInterrupt | str) -> int:
    """128 and the number of the signal, as a shell has it; the interrupt's text names it, or is Ctrl-C's."""
    named = signal.Signals.__members__.get(str(what))
    return 128 + named if named else STOPPED
