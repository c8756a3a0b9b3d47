"""A second run waits for the first and says for whom."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline_services.model.failures import PlatformError
from pipeline_services.platform.cluster import lock

HOLDER = """
import sys, time
from pathlib import Path
from pipeline_services.platform.cluster import lock
with lock.held(Path(sys.argv[1]), "up, cluster conveyor", print):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def holder(path: Path, seconds: float) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_second_run_names_the_first_and_goes_on_after_it(tmp_path: Path) -> None:
    path, notes = tmp_path / "lock", list[str]()
    with holder(path, 0.6) as first:
        began = time.monotonic()
        with lock.held(path, "up", notes.append):
            waited = time.monotonic() - began
    assert waited > 0.1
    assert notes == [f"waiting for process {first.pid} (up, cluster conveyor), which holds {path}"]


def test_waiting_has_an_end(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder(path, 30) as first:
        with (
            pytest.raises(PlatformError, match=rf"process {first.pid} .* still works after 0.3 s"),
            lock.held(path, "up", lambda _: None, timeout_s=0.3),
        ):
            pass
        first.kill()


def test_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    path, notes = tmp_path / "lock", list[str]()
    with holder(path, 30) as first:
        first.kill()
    with lock.held(path, "up", notes.append):
        assert notes == []
