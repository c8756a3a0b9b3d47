"""A set-up that is asked to stop, as a service manager or a closed terminal asks, leaves nothing running behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline_services.model.waiting import wait_until

ROOT = Path(__file__).parents[2]
# Stands in for the whole set-up: a step that is quick, then two compilers that go on for a minute.
BUILD = """
import sys
from pathlib import Path

from pipeline_services.cli import main as cli
from pipeline_services.clients import shell
from pipeline_services.model.paths import Cache, cache_root
from pipeline_services.platform.build.graph import COMPILE, FETCH, Graph, Step
from pipeline_services.platform.build.schedule import execute
from pipeline_services.platform.cluster import bring_up, lifecycle
from pipeline_services.platform.cluster.access import access_to

seconds, made = sys.argv[1], cache_root() / "made"

def compile(job):
    shell.run(["sh", "-c", f"sleep {seconds} & echo $! > {cache_root()}/{job.step}.pid; wait"], log=job.log)

steps = [Step("quick", FETCH, 1.0, done=lambda _key: made.exists(), run=lambda job: made.touch())]
steps += [Step(name, COMPILE, 1.0, done=lambda _key: False, run=compile, needs=("quick",)) for name in ("a", "b")]

class Platform:
    @classmethod
    def open(cls, name, progress):
        cls.progress = progress
        return cls()

    def up(self, settle):
        graph = Graph.of(steps)
        execute(graph, graph.left(["a", "b"]), Cache(cache_root()), self.progress)
        return access_to(Cache(cache_root()))

bring_up.Platform = Platform
"""
WAYS = {
    "command": 'sys.exit(cli.main(["up"]))',
    "within another program": """
try:
    lifecycle.ensure_cluster(progress=lambda line: print(line, file=sys.stderr), settle=None)
except lifecycle.Interrupted as error:
    print(error, file=sys.stderr)
    sys.exit(130)
""",
}
"""``make up``, and ``make daily`` where there is no cluster."""


class Build:
    """The command in a process of its own, in its own session as ``make`` under a service manager is."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache / "conveyor"
        self.cache.mkdir(exist_ok=True)
        self._env = {**os.environ, "XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(ROOT)}

    def start(self, way: str, seconds: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", BUILD + WAYS[way], seconds],
            env=self._env,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def compilers(self) -> list[int]:
        files = [self.cache / f"{step}.pid" for step in ("a", "b")]
        return [int(file.read_text()) for file in files if file.exists() and file.read_text().strip()]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    made = Build(tmp_path)
    yield made
    for pid in made.compilers():
        if runs(pid):
            os.kill(pid, signal.SIGKILL)


def runs(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] not in "ZX"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("asked", [signal.SIGHUP, signal.SIGINT], ids=lambda one: one.name)
def test_a_signal_ends_the_compilers_in_one_line(build: Build, asked: signal.Signals, way: str) -> None:
    assert_stops(build, asked, way)


@pytest.mark.parametrize("way", WAYS)
def test_what_a_service_manager_sends_does_so_too_and_the_same_command_goes_on(build: Build, way: str) -> None:
    assert_stops(build, signal.SIGTERM, way)
    again = build.start(way, "0")
    _, said = again.communicate(timeout=30)
    assert again.returncode == 0
    assert "2 steps to do" in said


def assert_stops(build: Build, asked: signal.Signals, way: str) -> None:
    process = build.start(way, "60")
    wait_until(lambda: len(build.compilers()) == 2, within=30, what="two compilers to run")
    process.send_signal(asked)
    _, said = process.communicate(timeout=20)
    name = "Ctrl-C" if asked == signal.SIGINT else asked.name
    assert process.returncode == (128 + asked if way == "command" else 130)
    assert said.splitlines()[-1] == f"stopped by {name}. Next: run the same command again: it goes on"
    assert "Traceback" not in said
    assert [pid for pid in build.compilers() if runs(pid)] == []
