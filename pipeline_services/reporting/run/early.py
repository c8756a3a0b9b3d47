"""The first plugin that pytest.ini loads: for what may happen while the rest is still being read.

Another environment's pytest, which has nothing of what the suite needs, is replaced by the checkout's own; a run that
is stopped ends in one line; one that cannot print anything ends as if it could.
"""

from __future__ import annotations

import os
import sys
from types import FrameType

import pytest

from pipeline_services.model.environment import use_own
from pipeline_services.model.exit_codes import stopped_by
from pipeline_services.model.signals import handle_from_now, ignore_from_now, name_of
from pipeline_services.model.standard_output import unbreakable_errors
from pipeline_services.reporting.run.interrupts import hide_the_place


def _end(number: int, _frame: FrameType | None) -> None:
    by = KeyboardInterrupt(name_of(number))
    _say(by)
    os._exit(stopped_by(by))  # nothing is open yet, and half-read modules do not unwind


def _say(by: KeyboardInterrupt) -> None:
    ignore_from_now()
    sys.stderr.write(f"Stopped by {str(by) or 'Ctrl-C'}. Nothing was judged or written.\n")
    sys.stderr.flush()


class BeforeSession:
    """Ends a run that is stopped while pytest sets it up: pytest itself would say nothing, and end with 2."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._begun = False

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """From here on the session ends itself."""
        self._begun = True

    @pytest.hookimpl(trylast=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Say so, and end with the signal's exit code; pytest still cleans up."""
        if not self._begun and isinstance(excinfo.value, KeyboardInterrupt):
            hide_the_place(self._config, excinfo)
            _say(excinfo.value)
            raise SystemExit(stopped_by(excinfo.value))


unbreakable_errors()
use_own("pytest", sys.argv[1:], needs="allure_commons")
put_back = handle_from_now(_end)
"""Puts the signals back, once everything is read."""
