"""Two programs take turns on this machine, and both run once the turns are over."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pipeline_services.model.waiting import wait_until
from pipeline_services.release import turns as module
from pipeline_services.release.turns import turns


class Here:
    """This machine as the node; each process is a container, whose list is a file of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.scripts = folder, list[str]()

    def on_node(self, words: Sequence[str]) -> str:
        self.scripts.append(words[2])
        if words[2] == module._LISTED:
            listed = self.folder / words[-1]
            listed.write_text(words[-1])
            return f"{listed}\n"
        return subprocess.run(list(words), capture_output=True, text=True, check=True).stdout


@pytest.fixture
def pair() -> Iterator[list[int]]:
    programs = [subprocess.Popen(["sleep", "60"]) for _ in range(2)]
    yield [one.pid for one in programs]
    for one in programs:
        one.kill()
        one.wait()


def is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("T")


def both(pair: Sequence[int]) -> tuple[bool, ...]:
    return tuple(map(is_stopped, pair))


def test_each_runs_while_the_other_is_stopped(pair: list[int], tmp_path: Path) -> None:
    with turns(Here(tmp_path), pair):
        for expected in ((False, True), (True, False), (False, True)):
            wait_until(lambda expected=expected: both(pair) == expected, within=5.0, what=str(expected), every=0.005)
    assert both(pair) == (False, False)


def test_both_run_whatever_ends_it(pair: list[int], tmp_path: Path) -> None:
    def interrupted() -> None:
        with turns(Here(tmp_path), pair):
            wait_until(lambda: any(both(pair)), within=5.0, what="a turn", every=0.005)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert both(pair) == (False, False)


def test_turns_that_nobody_ends_end_by_themselves(
    pair: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LIMIT_S", 0.2)
    with turns(Here(tmp_path), pair):
        wait_until(lambda: any(both(pair)), within=5.0, what="a turn", every=0.005)
        wait_until(lambda: both(pair) == (False, False), within=5.0, what="the end of the turns", every=0.01)


def test_a_container_that_is_gone_ends_them(pair: list[int], tmp_path: Path) -> None:
    with turns(Here(tmp_path), pair):
        (tmp_path / str(pair[0])).write_text("")
        wait_until(lambda: not is_stopped(pair[1]), within=5.0, what="the other to run on", every=0.01)
    assert not is_stopped(pair[1])
