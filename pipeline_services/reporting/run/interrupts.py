"""What pytest says of a run that was stopped."""

from __future__ import annotations

import pytest
from _pytest.terminal import TerminalReporter


def hide_the_place(config: pytest.Config, stopped: pytest.ExceptionInfo[BaseException]) -> None:
    """Where in the code a run was stopped is of no interest to an operator, nor worth looking up each line of it."""
    stopped.traceback = stopped.traceback[-1:]
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if isinstance(reporter, TerminalReporter):
        reporter._report_keyboardinterrupt = lambda: None  # type: ignore[method-assign]
