"""Types the runbook's commands as an operator would: in a shell, with the cluster's own kubectl, until they end."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from pipeline_services.model.present import present
from pipeline_services.model.waiting import WaitExpired, wait_until

ENDS_WITHIN: Final = 60.0
"""Seconds; the slowest command that reads takes twelve."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a command. ``code`` is None where it was stopped; errors are part of the output."""

    code: int | None
    output: str


_OF_MAKE: Final = frozenset({"MAKEFLAGS", "MAKELEVEL", "MFLAGS"})
"""A run that ``make`` started has these, and what was given to it, such as ARGS; a typed ``make`` would take both."""


@dataclass(frozen=True, slots=True)
class OperatorShell:
    """A shell whose kubectl means one cluster.

    Attributes:
        kubectl: the program.
        folder: where it is typed, which is where files are copied to.
    """

    kubeconfig: Path
    kubectl: Path
    folder: Path

    def type(
        self, text: str, *, within: float = ENDS_WITHIN, enough: Callable[[str], bool] = lambda _output: False
    ) -> Answer:
        """Type a command, and stop it once it has shown enough or its time is over."""
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
            child = subprocess.Popen(
                ["bash", "-c", text],
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
            _say(child, "exit\n" if " -it " in text else "")

            def over() -> bool:
                return child.poll() is not None or enough(_read(output))

            try:
                wait_until(over, within=within, what=f"{text} to end", every=0.05)
            except WaitExpired:
                pass  # an answer without an exit code says so
            finally:
                code = child.poll()
                if code is None:
                    os.killpg(child.pid, signal.SIGKILL)
                    child.wait()
            return Answer(code, _read(output))

    def _environment(self) -> dict[str, str]:
        path = os.pathsep.join((str(self.kubectl.parent), os.environ.get("PATH", os.defpath)))
        given = {word.partition("=")[0] for word in os.environ.get("MAKEFLAGS", "").split() if "=" in word}
        own = {name: value for name, value in os.environ.items() if name not in _OF_MAKE | given}
        return {**own, "KUBECONFIG": str(self.kubeconfig), "PATH": path}


def _say(child: subprocess.Popen[str], words: str) -> None:
    stdin = present(child.stdin, "input of the shell")
    try:
        stdin.write(words)
        stdin.close()
    except BrokenPipeError:
        return  # it ended without listening


def _read(output: IO[str]) -> str:
    """All of a file that somebody else writes to, whose place in it is not moved by that."""
    with open(f"/proc/self/fd/{output.fileno()}", encoding="utf-8", errors="replace") as again:  # noqa: PTH123
        return again.read()
