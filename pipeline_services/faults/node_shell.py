"""A shell on the node that stays open: the engine takes most of a second to start a program, and a proof has less."""

from __future__ import annotations

import os
import select
import shlex
import subprocess
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Final

from pipeline_services.clients.refusals import quoted
from pipeline_services.model.errors import ServiceUnreachable, UnexpectedAnswer
from pipeline_services.model.present import present

WITHIN: Final = 60.0
"""Seconds that one program may take."""
CHUNK: Final = 65_536


class NodeShell:
    """Runs one program after the other in the shell that ``command`` opens; it is opened again when it was lost."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._command = list(command)
        self._env = {**os.environ, **env}
        self._lock = threading.Lock()
        self._shell: subprocess.Popen[bytes] | None = None

    def run(self, words: Sequence[str]) -> str:
        """What the program wrote.

        Raises:
            UnexpectedAnswer: it ended with an error.
            ServiceUnreachable: there is no shell, or the program took too long.
        """
        mark = uuid.uuid4().hex
        line = f"{{ {shlex.join(words)}; }} </dev/null 2>&1; printf '\\n%s %s\\n' {mark} $?\n"
        with self._lock:
            try:
                output = self._exchange(line.encode(), mark.encode())
            except OSError as error:
                self._close()
                raise ServiceUnreachable(f"the node's shell cannot be used: {quoted(error)}") from error
        text, _, status = output.rpartition(f"\n{mark} ")
        if status.strip() != "0":
            raise UnexpectedAnswer(f"{words[0]} on the node ended with {status.strip()}: {quoted(text[-300:])}")
        return text

    def close(self) -> None:
        with self._lock:
            self._close()

    def _exchange(self, line: bytes, mark: bytes) -> str:
        shell = self._opened()
        stdin, stdout = present(shell.stdin, "input of the shell"), present(shell.stdout, "output of the shell")
        stdin.write(line)
        stdin.flush()
        output, deadline = b"", time.monotonic() + WITHIN
        while not (mark in output and output.endswith(b"\n")):
            readable, _, _ = select.select([stdout], [], [], max(0.0, deadline - time.monotonic()))
            data = os.read(stdout.fileno(), CHUNK) if readable else b""
            if not data:
                self._close()
                reason = "took too long" if not readable else f"was lost: {quoted(output.decode(errors='replace'))}"
                raise ServiceUnreachable(f"the node's shell {reason}")
            output += data
        return output.decode(errors="replace")

    def _opened(self) -> subprocess.Popen[bytes]:
        if self._shell is None or self._shell.poll() is not None:
            self._close()
            # In a session of its own: Ctrl-C is the suite's, which still has faults to undo through this shell.
            self._shell = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self._env,
                start_new_session=True,
            )
        return self._shell

    def _close(self) -> None:
        shell, self._shell = self._shell, None
        if shell is None:
            return
        shell.kill()
        for stream in (shell.stdin, shell.stdout):
            if stream is not None:
                stream.close()
        shell.wait()
