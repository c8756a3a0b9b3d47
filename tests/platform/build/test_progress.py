"""What the person sees, on a terminal and elsewhere."""

from __future__ import annotations

import io
import re
from functools import partial
from pathlib import Path

import pytest

from pipeline_services.platform.build.graph import FETCH, Graph, Step
from pipeline_services.platform.build.progress import Durations, Progress
from pipeline_services.platform.build.schedule import time_left


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock, to be put forward."""
    clock_s = [100.0]
    monkeypatch.setattr("pipeline_services.platform.build.progress.time.monotonic", lambda: clock_s[0])
    return clock_s


def steps(*names: str) -> list[Step]:
    return [Step(name, FETCH, 60.0, done=lambda _: False, run=lambda _: None) for name in names]


def test_plain_lines_name_component_count_elapsed_and_time_left() -> None:
    stream = io.StringIO()
    progress = Progress(stream=stream)
    progress.estimate = lambda _pending, _running, expected: expected["kafka"]
    with progress.plan(steps("etcd", "kafka")):
        progress.started("etcd")
        progress.finished("etcd", 3.0)
        progress.started("kafka")
        progress.finished("kafka", 65.0)
    assert stream.getvalue().splitlines() == [
        "2 steps to do, about 1 min 00 s on this machine",
        "[0/2] etcd ...",
        "[1/2] etcd done in 3.0 s (0.0 s so far, about 1 min 00 s left)",
        "[1/2] kafka ...",
        "[2/2] kafka done in 1 min 05 s",
    ]


def test_the_count_never_falls_while_steps_run_side_by_side() -> None:
    stream = io.StringIO()
    progress = Progress(stream=stream)
    with progress.plan(steps("etcd", "kafka", "loki")):
        for name in ("etcd", "kafka", "loki"):
            progress.started(name)
        for name in ("kafka", "etcd", "loki"):
            progress.finished(name, 1.0)
    counts = [int(found) for found in re.findall(r"^\[(\d+)/3\]", stream.getvalue(), re.MULTILINE)]
    assert counts == [0, 0, 0, 1, 2, 3]


def test_the_time_left_falls_by_a_second_a_second_while_two_steps_share_a_lane(now: list[float]) -> None:
    progress = Progress(stream=io.StringIO())
    both = steps("etcd", "kafka")
    progress.estimate = partial(time_left, Graph.of(both))
    left = []
    with progress.plan(both):
        for step in both:
            progress.started(step.name)
        for _ in range(5):
            left.append(progress.seconds_left())
            now[0] += 20.0
    assert left == [120.0, 100.0, 80.0, 60.0, 40.0]


@pytest.mark.usefixtures("now")
def test_terminal_gets_bars_that_are_taken_away_and_its_cursor_back(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = on_terminal(monkeypatch)
    shown = re.sub(r"\x1b\[[?\d;]*[A-Za-z]|\r", "", screen)
    assert f"0 of 1 steps {'━' * 20} (0.0 s so far, about 0.0 s left)" in shown
    assert f"\netcd         {'━' * 20} 0.0 s" in shown
    assert "[1/1] etcd done in 1.0 s\n1 of 1 steps" in shown
    assert "[0/1] etcd ..." not in shown
    assert screen.endswith("\x1b[?25h\r\x1b[1A\x1b[2Kabove\n")


def test_no_color_is_respected_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    coloured = r"\x1b\[[\d;]+m"
    assert re.search(coloured, on_terminal(monkeypatch))
    assert not re.search(coloured, on_terminal(monkeypatch, NO_COLOR="1"))


def test_a_terminal_that_cannot_move_its_cursor_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = on_terminal(monkeypatch, TERM="dumb")
    assert "\x1b" not in screen
    assert "[0/1] etcd ...\n" in screen


def on_terminal(monkeypatch: pytest.MonkeyPatch, **env: str) -> str:
    """All that a build of one step writes to a terminal, and a line after it."""
    for name, value in {"TERM": "xterm-256color", "COLUMNS": "100", "NO_COLOR": "", **env}.items():
        monkeypatch.setenv(name, value)
    stream = Terminal()
    progress = Progress(stream=stream)
    with progress.plan(steps("etcd")):
        progress.started("etcd")
        progress.tick()
        progress.finished("etcd", 1.0)
    progress("above")
    return stream.getvalue()


def test_table_has_the_longest_first_and_the_whole() -> None:
    stream = io.StringIO()
    progress = Progress(stream=stream)
    progress.timed("short", 1.0)
    progress.timed("long", 100.0)
    progress.table()
    names = [line.split()[0] for line in stream.getvalue().splitlines()]
    assert names == ["took:", "long", "short", "in"]


def test_durations_of_the_last_run_are_the_next_expectation(tmp_path: Path) -> None:
    file = tmp_path / "durations.json"
    first, second = steps("etcd", "kafka")
    Durations(file).record("etcd", 12.34)
    assert Durations(file).expected(first) == 12.3
    assert Durations(file).expected(second) == 60.0


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_damaged_file_of_durations_is_no_hindrance(tmp_path: Path, content: str) -> None:
    file = tmp_path / "durations.json"
    file.write_text(content, encoding="utf-8")
    assert Durations(file).expected(steps("etcd")[0]) == 60.0


def test_time_that_steps_shared_is_divided_among_them(tmp_path: Path, now: list[float]) -> None:
    durations = Durations(tmp_path / "durations.json")
    progress = Progress(durations, stream=io.StringIO())
    both = steps("etcd", "kafka")
    with progress.plan(both):
        progress.started("etcd")
        now[0] += 10  # alone
        progress.started("kafka")
        now[0] += 20  # side by side
        progress.finished("etcd", 30.0)
        now[0] += 5
        progress.finished("kafka", 25.0)
    assert [durations.expected(step) for step in both] == [20.0, 15.0]


def test_a_slow_machine_is_given_more_time(now: list[float]) -> None:
    stream = io.StringIO()
    progress = Progress(stream=stream)
    progress.estimate = lambda pending, _running, expected: sum(expected[step.name] for step in pending)
    with progress.plan(steps("etcd", "kafka", "loki")):
        progress.started("etcd")
        now[0] += 120
        progress.finished("etcd", 120.0)
        progress.started("kafka")
        now[0] += 120
        progress.tick()
    assert stream.getvalue().splitlines()[-1] == "[1/3] kafka 2 min 00 s (4 min 00 s so far, about 2 min 00 s left)"
