"""Debian's packages, installed only where we may; else one line that names the command."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

from pipeline_services.clients import shell
from pipeline_services.model.failures import ToolMissing

_one_at_a_time = threading.Lock()
ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive"}
WAIT_FOR_OTHERS = "DPkg::Lock::Timeout=300"


def install(packages: Sequence[str], log: Path) -> None:
    """Install packages without their recommendations.

    Raises:
        ToolMissing: not root, or not a system with apt-get; names the command that somebody has to run.
        CommandFailed: apt-get ended with an error; the log has its words.
    """
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    program = shutil.which("apt-get", path="/usr/bin:/bin")
    if program is None or os.geteuid() != 0:
        reason = "this is no Debian" if program is None else "only root may install packages"
        raise ToolMissing(f"{', '.join(packages)} missing, and {reason}", next_step=f"sudo {' '.join(command)}")
    with _one_at_a_time:
        shell.run([program, "-q", "update"], log=log, env=ENVIRONMENT, what="apt-get update")
        shell.run(
            [program, "-q", "-o", WAIT_FOR_OTHERS, *command[1:]], log=log, env=ENVIRONMENT, what=" ".join(command[:2])
        )
