"""The first plugin that pytest.ini loads: for what may happen while the rest is still being read.

Another environment's pytest, which has nothing of what the suite needs, is replaced by the checkout's own; a run that
is stopped ends in one line.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
from pathlib import Path
from types import FrameType

from pipeline_services.model.exit_codes import REFUSED, stopped_by
from pipeline_services.model.signals import handle_from_now, ignore_from_now, name_of

_OWN = Path(__file__).parents[3] / ".venv" / "bin" / "python"


def _end(number: int, _frame: FrameType | None) -> None:
    ignore_from_now()
    by = name_of(number)
    sys.stderr.write(f"Stopped by {by}. Nothing was judged or written.\n")
    sys.stderr.flush()
    os._exit(stopped_by(KeyboardInterrupt(by)))  # nothing is open yet, and half-read modules do not unwind


def use_own_environment() -> None:
    """Start again with the checkout's own Python, or refuse where there is none."""
    if _OWN.is_file():
        os.execv(_OWN, [str(_OWN), "-m", "pytest", *sys.argv[1:]])
    sys.stderr.write(
        f"REFUSED: {sys.executable} is not the suite's environment. Next: make test, then .venv/bin/pytest\n"
    )
    os._exit(REFUSED)


# Modules and snapshots are read by the ten thousand objects, none of which is garbage to be looked for meanwhile.
gc.set_threshold(50_000, *gc.get_threshold()[1:])
if not importlib.util.find_spec("allure_commons"):
    use_own_environment()
put_back = handle_from_now(_end)
"""Puts the signals back, once everything is read."""
