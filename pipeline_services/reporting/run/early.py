"""The first plugin that pytest.ini loads: for what may happen while the rest is still being read.

Another environment's pytest, which has nothing of what the suite needs, is replaced by the checkout's own; a run that
is stopped ends in one line; one that cannot print anything ends as if it could.
"""

from __future__ import annotations

import os
import sys
from types import FrameType

from pipeline_services.model.environment import use_own
from pipeline_services.model.exit_codes import stopped_by
from pipeline_services.model.signals import handle_from_now, ignore_from_now, name_of
from pipeline_services.model.standard_output import unbreakable_errors


def _end(number: int, _frame: FrameType | None) -> None:
    ignore_from_now()
    by = name_of(number)
    sys.stderr.write(f"Stopped by {by}. Nothing was judged or written.\n")
    sys.stderr.flush()
    os._exit(stopped_by(KeyboardInterrupt(by)))  # nothing is open yet, and half-read modules do not unwind


unbreakable_errors()
use_own("pytest", sys.argv[1:], needs="allure_commons")
put_back = handle_from_now(_end)
"""Puts the signals back, once everything is read."""
