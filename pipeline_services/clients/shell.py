"""Programs as children: each in a process group of its own, with its output in a log, and none left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pipeline_services.model.failures import CommandFailed, Interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator

TAIL_LINES = 15
GRACE = 5.0
# What waits for the network gets this long: far more than the slowest download takes, far less than for ever.
FETCH_WITHIN = 1200.0
TOO_LONG = 124

_children: set[subprocess.Popen[bytes]] = set()
_guard = threading.Lock()
_stopping = threading.Event()


def run(
    command: Sequence[str | Path],
    *,
    log: Path | None = None,
    answer: bool = False,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: IO[bytes] | None = None,
    what: str = "",
    timeout: float | None = None,
) -> str:
    """Run a program to its end and return what it wrote; with ``log`` that goes to the end of that file instead.

    Args:
        answer: return the standard output all the same; only the standard error goes to ``log``.
        env: added to the environment, not in place of it.
        what: the step in words for the error; the program's name when empty.
        timeout: seconds, after which the program is ended and counts as failed.

    Raises:
        CommandFailed: it ended with an error, could not be started or took too long.
        Interrupted: :func:`stop_children` was called.
    """
    words = [str(word) for word in command]
    name = what or Path(words[0]).name
    with _sink(log) as sink:
        try:
            child = _start(words, (subprocess.PIPE if answer else sink, sink), env, cwd, stdin)
        except OSError as error:
            raise CommandFailed(f"{name} ({error.strerror}: {words[0]})", 127, "", log) from error
        try:
            out, _ = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            end(child)
            raise CommandFailed(
                f"{name} (no end after {timeout:g} s)", TOO_LONG, tail_of(log) if log else "", log
            ) from error
        except BaseException:
            end(child)
            raise
        finally:
            with _guard:
                _children.discard(child)
    text = out.decode(errors="replace") if out else ""
    if child.returncode != 0:
        if _stopping.is_set():
            raise Interrupted("stopped")
        raise CommandFailed(name, child.returncode, tail_of(log) if log else _last_lines(text), log)
    return text


def _start(
    words: list[str],
    sinks: tuple[IO[bytes] | int, IO[bytes] | int],
    env: Mapping[str, str] | None,
    cwd: Path | None,
    stdin: IO[bytes] | None,
) -> subprocess.Popen[bytes]:
    with _guard:
        if _stopping.is_set():
            raise Interrupted("stopped")
        child = subprocess.Popen(
            words,
            stdin=stdin or subprocess.DEVNULL,
            stdout=sinks[0],
            stderr=subprocess.STDOUT if sinks[0] == sinks[1] else sinks[1],
            env={**os.environ, **(env or {})},
            cwd=cwd,
            start_new_session=True,
        )
        _children.add(child)
    return child


@contextmanager
def _sink(log: Path | None) -> Iterator[IO[bytes] | int]:
    if log is None:
        yield subprocess.PIPE
        return
    with log.open("ab") as file:
        yield file


def end(child: subprocess.Popen[bytes]) -> None:
    """End a child and all that it started: asked first, forced after ``GRACE`` seconds."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            return
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            continue
        return


def stop_children() -> None:
    """End every child that runs and let no new one start."""
    with _guard:
        _stopping.set()
        running = list(_children)
    for child in running:
        end(child)


def allow_children() -> None:
    """Take back :func:`stop_children`, once its caller has tidied up."""
    _stopping.clear()


def tail_of(log: Path) -> str:
    """The last lines of a log; empty where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 64 * 1024))
            return _last_lines(file.read().decode(errors="replace"))
    except FileNotFoundError:
        return ""


def _last_lines(text: str) -> str:
    return "\n".join(text.rstrip().splitlines()[-TAIL_LINES:])


def environment() -> dict[str, str]:
    """A copy of this process's environment."""
    return dict(os.environ)
