"""A node whose processes, and the logs of whose containers, are what a folder says."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

CONTAINER = "0123456789abcdef"


class Machine:
    def __init__(self, folder: Path) -> None:
        self.proc, self.logs = folder / "proc", folder / "logs"
        for one in (self.proc, self.logs):
            one.mkdir(parents=True, exist_ok=True)

    def add(self, pid: int, status: str, container: str = CONTAINER) -> None:
        """A process of a container, by the container's id."""
        process = self.proc / str(pid)
        process.mkdir(exist_ok=True)
        (process / "cgroup").write_text(f"4:memory:/kubepods/{container}\n")
        (process / "status").write_text(status)

    def log(self, name: str, container: str) -> None:
        """What the kubelet makes for a container, and keeps for some that have ended."""
        (self.logs / f"{name}-{container}.log").touch()

    def start(self, pid: int, name: str, container: str) -> None:
        """A container that runs, with its first process."""
        self.log(name, container)
        self.add(pid, f"State:\tS (sleeping)\nNSpid:\t{pid}\t1\n", container)

    def here(self, words: Sequence[str]) -> list[str]:
        """The words of a program as they are on this machine."""
        places = {"/proc": self.proc, "/var/log/containers": self.logs}
        found = list(words)
        for place, folder in places.items():
            found = [word.replace(place, str(folder)) for word in found]
        return found

    def on_node(self, words: Sequence[str]) -> str:
        return subprocess.run(self.here(words), capture_output=True, text=True, check=True, timeout=30).stdout
