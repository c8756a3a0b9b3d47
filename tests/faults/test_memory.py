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
from tests.faults.both_steps import both_steps
from tests.faults.test_library import Container
from tests.programs import program

FILLED = 64 << 20
SMALL = 16 << 20
LIMIT = 256 << 20
LOWERED = LIMIT // 4 * 3
KILLED = "oom 1\noom_kill 1\n"
PRIVATE = '#!/bin/sh\nshift\nexec "$@"\n'
"""Stands in for ``unshare -m``, which needs root."""
FULL = '#!/bin/sh\n[ "$1" != /dev/zero ] || { echo some; exit 1; }\nexec /bin/cat "$@"\n'
"""Stands in for ``cat``: what it copies without an end finds no room."""


def programs(folder: Path, mount: str, cat: str) -> dict[str, str]:
    """An environment in which nothing is mounted, and nothing is filled unless ``cat`` is empty."""
    for name, text in (("unshare", PRIVATE), ("mount", mount), ("cat", cat)):
        if text:
            program(folder / name, text)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def groups_of_this_process(root: Path) -> dict[str, Path]:
    """The folders of its control groups, by their controllers, where the script looks for them under ``root``."""
    lines = [line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines()]
    folders = {names: root / names.removeprefix("name=") / path.lstrip("/") for names, path in lines}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cgroup.procs").touch()
    return folders


def group_of_this_process(root: Path) -> Path:
    """The control group for memory: its limit, and what the kernel has counted in it."""
    folders = groups_of_this_process(root)
    group = folders.get("memory") or folders[""]
    (group / "memory.max").write_text(f"{LIMIT}\n")
    (group / "memory.events").write_text(KILLED)
    return group


def start(tmp_path: Path, mount: str = "#!/bin/sh\n", cat: str = FULL) -> subprocess.Popen[str]:
    (tmp_path / "empty").mkdir()
    folders = [str(tmp_path / "root"), str(tmp_path / "empty")]
    words = ["sh", "-c", processes._FILL_MEMORY, "sh", str(os.getpid()), *folders]
    env = programs(tmp_path / "bin", mount, cat)
    return subprocess.Popen(
        words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def fill(tmp_path: Path, mount: str = "#!/bin/sh\n") -> subprocess.CompletedProcess[str]:
    script = start(tmp_path, mount)
    out, err = script.communicate(timeout=30)
    return subprocess.CompletedProcess(script.args, script.returncode, out, err)


def resident(pid: int) -> int:
    """Bytes of memory that are the process's own."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def test_the_kernel_finds_the_program_that_fills_memory_small(tmp_path: Path) -> None:
    """It kills the largest process of the group: that has to be the app, whatever the two's scores are."""
    group = group_of_this_process(tmp_path / "root")
    script, file = start(tmp_path, cat=""), tmp_path / "empty" / "filled"
    try:
        wait_until(lambda: file.exists() and file.stat().st_size > FILLED, within=30, what="memory to fill", every=0.01)
        pid = int((group / "cgroup.procs").read_text())
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        sizes = [resident(one) for one in (pid, *map(int, children))]
    finally:
        os.killpg(script.pid, signal.SIGKILL)
        script.communicate()
    assert len(sizes) == 2
    assert max(sizes) < SMALL


def test_the_containers_own_limit_is_reached_and_there_is_room_once_the_app_is_gone(tmp_path: Path) -> None:
    """Else the kernel would take the process of the pod's sandbox, and nobody would say that the app was killed."""
    group = group_of_this_process(tmp_path / "root")
    done = fill(tmp_path, '#!/bin/sh\necho "$@" >&2\n')
    assert done.returncode == 0, done.stdout + done.stderr
    assert (group / "memory.max").read_text() == f"{LOWERED}\n"
    size = int(re.search(r"size=(\d+)", done.stderr)[1])  # type: ignore[index]
    assert LOWERED - SMALL < size < LOWERED


def test_the_program_is_in_every_group_of_the_container_and_its_file_is_gone_before_it_goes(tmp_path: Path) -> None:
    """What reads the kernel's message drops it where one of them is gone."""
    group_of_this_process(tmp_path / "root")
    folders = groups_of_this_process(tmp_path / "root")
    assert fill(tmp_path).returncode == 0
    joined = {(folder / "cgroup.procs").read_text().strip() for folder in folders.values()}
    assert len(joined) == 1
    assert "" not in joined
    assert list((tmp_path / "empty").iterdir()) == []


@pytest.mark.parametrize("counted", ["oom 0\noom_kill 0\n", ""])
def test_it_is_the_kernel_who_says_that_it_has_killed(tmp_path: Path, counted: str) -> None:
    (group_of_this_process(tmp_path / "root") / "memory.events").write_text(counted)
    done = fill(tmp_path)
    assert done.returncode == 1
    assert "the kernel killed nothing in " in done.stdout


@pytest.mark.parametrize("limit", ["max\n", ""])
def test_a_container_without_a_limit_is_refused(tmp_path: Path, limit: str) -> None:
    (group_of_this_process(tmp_path / "root") / "memory.max").write_text(limit)
    done = fill(tmp_path)
    assert (done.returncode, done.stdout) == (1, "no limit of memory\n")


def test_without_a_tmpfs_nothing_is_filled_and_the_reason_is_said(tmp_path: Path) -> None:
    group = group_of_this_process(tmp_path / "root")
    done = fill(tmp_path, "#!/bin/sh\necho not permitted >&2\nexit 1\n")
    assert done.returncode != 0
    assert "not permitted" in done.stderr
    assert (group / "cgroup.procs").read_text() == ""


def test_a_process_without_a_control_group_is_refused(tmp_path: Path) -> None:
    done = fill(tmp_path)
    assert done.returncode == 1
    assert "no control group for memory" in done.stdout


def test_the_fault_lands_with_the_kill_and_its_undo_ends_what_is_left() -> None:
    killed = False
    node = Container("4321 1 S\n")
    fault = processes.memory_filled(processes.Processes(node, "0123456789abcdef"), "producer-1", lambda: killed)
    fill_step, undo = both_steps(fault, Command)
    assert fill_step.words[-3:] == ["4321", "/sys/fs/cgroup", "/mnt"]
    assert undo.words[-2:] == ["0123456789abcdef", "KILL"]
    assert fault.landed is not None
    assert not fault.landed.holds()
    killed = True
    assert fault.landed.holds()


def test_a_container_that_does_not_run_is_no_target() -> None:
    with pytest.raises(processes.PreconditionNotMet, match="no process of producer-1 runs"):
        processes.memory_filled(processes.Processes(Container(""), "0123456789abcdef"), "producer-1", lambda: True)
