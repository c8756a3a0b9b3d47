"""What can stop the set-up. Each is one line for the reader, with the next step where there is one."""

from __future__ import annotations

from pathlib import Path

from pipeline_services.model.errors import PipelineError


class PlatformError(PipelineError):
    """The platform could not be brought up or torn down."""


class ToolMissing(PlatformError):
    """A program is needed that cannot be installed from here."""


class CommandFailed(PlatformError):
    """A program ended with an error. ``tail`` has the last lines that it wrote, ``log`` the file with all of them."""

    def __init__(self, what: str, code: int, tail: str, log: Path | None = None) -> None:
        super().__init__(f"{what} failed (exit code {code})", next_step=f"read {log}" if log else "")
        self.code = code
        self.tail = tail
        self.log = log


class StepFailed(PlatformError):
    """A step of the build failed; its log says why."""

    def __init__(self, step: str, reason: str, log: Path, tail: str) -> None:
        super().__init__(f"{step}: {reason}", next_step=f"read {log}, then run the same command: it goes on from there")
        self.step = step
        self.log = log
        self.tail = tail


class Interrupted(PlatformError):
    """Stopped by Ctrl-C or a signal, which ``cause`` names; what is finished stays."""

    cause = KeyboardInterrupt()

    @classmethod
    def by(cls, error: KeyboardInterrupt) -> Interrupted:
        """The one line for what the interrupt came from; Python's own is that of Ctrl-C and says nothing."""
        stopped = cls(f"stopped by {str(error) or 'Ctrl-C'}", next_step="run the same command again: it goes on")
        stopped.cause = error
        return stopped
