"""The script that uses up a container's memory: what it fills counts for the container, for none of its processes."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
from pathlib import Path

import pytest

from pipeline_services.faults import processes
from pipeline_services.faults.journal import Command
from pipeline_services.model.waiting import wait_until
from tests.faults.test_library import Container

FILLED = 64 << 20
SMALL = 16 << 20
LIMIT = 256 << 20
PRIVATE = '#!/bin/sh\nshift\nexec "$@"\n'
"""Stands in for ``unshare -m``, which needs root."""


def programs(folder: Path, mount: str) -> dict[str, str]:
    """An environment in which nothing is mounted."""
    folder.mkdir()
    for name, text in (("unshare", PRIVATE), ("mount", mount)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def group_of_this_process(root: Path) -> Path:
    """The control group's list of processes, where the script looks for it under ``root``."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    path = next(
        line.partition(":memory:")[2] or line.partition("0::")[2]
        for line in lines
        if ":memory:" in line or line[:3] == "0::"
    )
    group = root / path.lstrip("/")
    group.mkdir(parents=True, exist_ok=True)
    (group / "cgroup.procs").touch()
    (group / "memory.max").write_text(f"{LIMIT}\n")
    return group / "cgroup.procs"


def fill(tmp_path: Path, mount: str = "#!/bin/sh\n") -> subprocess.CompletedProcess[str]:
    (tmp_path / "empty").mkdir()
    words = [
        "sh",
        "-c",
        processes._FILL_MEMORY,
        "sh",
        str(os.getpid()),
        str(tmp_path / "root"),
        str(tmp_path / "empty"),
    ]
    env = programs(tmp_path / "bin", mount)
    return subprocess.run(words, env=env, capture_output=True, text=True, check=False, timeout=30)


def test_the_kernel_finds_the_program_that_fills_memory_small(tmp_path: Path) -> None:
    """It kills the largest process of the group: that has to be the app, whatever the two's scores are."""
    group = group_of_this_process(tmp_path / "root")
    done = fill(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    pid = int(wait_until(group.read_text, within=10, what="the program to join the group", every=0.01))
    try:
        file = tmp_path / "empty" / "filled"
        wait_until(lambda: file.exists() and file.stat().st_size > FILLED, within=30, what="memory to fill", every=0.01)
        resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    finally:
        os.kill(pid, signal.SIGKILL)
    assert resident < SMALL


def test_what_is_filled_leaves_room_once_the_app_is_gone(tmp_path: Path) -> None:
    """Else the kernel would go on to the process of the pod's sandbox, and nobody would say that the app was killed."""
    group_of_this_process(tmp_path / "root")
    done = fill(tmp_path, '#!/bin/sh\necho "$@" >&2\nexit 1\n')
    size = int(re.search(r"size=(\d+)", done.stderr)[1])  # type: ignore[index]
    assert LIMIT - SMALL < size < LIMIT


@pytest.mark.parametrize("limit", ["max\n", ""])
def test_a_container_without_a_limit_is_refused(tmp_path: Path, limit: str) -> None:
    (group_of_this_process(tmp_path / "root").parent / "memory.max").write_text(limit)
    done = fill(tmp_path)
    assert (done.returncode, done.stdout) == (1, "no limit of memory\n")


def test_without_a_tmpfs_nothing_is_filled_and_the_reason_is_said(tmp_path: Path) -> None:
    group = group_of_this_process(tmp_path / "root")
    done = fill(tmp_path, "#!/bin/sh\necho not permitted >&2\nexit 1\n")
    assert done.returncode != 0
    assert "not permitted" in done.stderr
    assert group.read_text() == ""


def test_a_process_without_a_control_group_is_refused(tmp_path: Path) -> None:
    done = fill(tmp_path)
    assert done.returncode == 1
    assert "no control group for memory" in done.stdout


def test_the_fault_lands_with_the_kill_and_its_undo_ends_what_is_left() -> None:
    killed = False
    node = Container("4321 1 S\n")
    fault = processes.memory_filled(processes.Processes(node, "0123456789abcdef"), "producer-1", lambda: killed)
    (fill_step,), (undo,) = fault.inject, fault.undo
    assert isinstance(fill_step, Command)
    assert isinstance(undo, Command)
    assert fill_step.words[-3:] == ["4321", "/sys/fs/cgroup", "/mnt"]
    assert undo.words[-2:] == ["0123456789abcdef", "KILL"]
    assert fault.landed is not None
    assert not fault.landed.holds()
    killed = True
    assert fault.landed.holds()


def test_a_container_that_does_not_run_is_no_target() -> None:
    with pytest.raises(processes.PreconditionNotMet, match="no process of producer-1 runs"):
        processes.memory_filled(processes.Processes(Container(""), "0123456789abcdef"), "producer-1", lambda: True)
