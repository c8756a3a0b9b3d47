"""The checkout's own Python environment, for a command that was started by another Python."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from pipeline_services.model.exit_codes import REFUSED

OWN: Final = Path(__file__).parents[2] / ".venv" / "bin" / "python"


def use_own(module: str, arguments: Sequence[str], needs: str) -> None:
    """Start ``python -m module`` again with the checkout's own Python where this one lacks a package that it needs.

    Where there is no such environment, or it lacks the package too, the command is refused.
    """
    if find_spec(needs):
        return
    if OWN.is_file() and Path(sys.prefix) != OWN.parents[1]:
        os.execv(OWN, [str(OWN), "-m", module, *arguments])
    sys.stderr.write(
        f"REFUSED: {sys.executable} is not the suite's environment. Next: make test, then {_typed(module)}\n"
    )
    sys.stderr.flush()
    os._exit(REFUSED)


def _typed(module: str) -> str:
    return ".venv/bin/pytest" if module == "pytest" else f".venv/bin/python -m {module}"
