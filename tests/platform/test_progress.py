"""What the person sees, on a terminal and elsewhere."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from pipeline_services.platform.build.graph import FETCH, Step
from pipeline_services.platform.build.progress import Durations, Progress, clock


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def steps(*names: str) -> list[Step]:
    return [Step(name, FETCH, 60.0, done=lambda _: False, run=lambda _: None) for name in names]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (125, "2 min 05 s"),
        (3720, "1 h 02 min"),
    ],
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_plain_lines_name_component_count_elapsed_and_time_left() -> None:
    stream = io.StringIO()
    progress = Progress(stream=stream)
    progress.estimate = lambda _pending, _running, expected: expected["kafka"]
    progress.plan(steps("etcd", "kafka"))
    progress.started("etcd")
    progress.finished("etcd", 3.0)
    progress.started("kafka")
    progress.finished("kafka", 65.0)
    assert stream.getvalue().splitlines() == [
        "2 steps to do, about 1 min 00 s on this machine",
        "[1/2] etcd ...",
        "[1/2] etcd done in 3.0 s (0.0 s so far, about 1 min 00 s left)",
        "[2/2] kafka ...",
        "[2/2] kafka done in 1 min 05 s",
    ]


def test_terminal_gets_one_live_line_that_is_drawn_over() -> None:
    stream = Terminal()
    progress = Progress(stream=stream)
    progress.plan(steps("etcd"))
    progress.started("etcd")
    progress.tick()
    assert stream.getvalue().count("\r\x1b[K[1/1] etcd 0.0 s") == 2


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


def test_time_that_steps_shared_is_divided_among_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("pipeline_services.platform.build.progress.time.monotonic", lambda: now[0])
    durations = Durations(tmp_path / "durations.json")
    progress = Progress(durations, stream=io.StringIO())
    both = steps("etcd", "kafka")
    progress.plan(both)
    progress.started("etcd")
    now[0] += 10  # alone
    progress.started("kafka")
    now[0] += 20  # side by side
    progress.finished("etcd", 30.0)
    now[0] += 5
    progress.finished("kafka", 25.0)
    assert [durations.expected(step) for step in both] == [20.0, 15.0]


def test_a_slow_machine_is_given_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("pipeline_services.platform.build.progress.time.monotonic", lambda: now[0])
    stream = io.StringIO()
    progress = Progress(stream=stream)
    progress.estimate = lambda pending, _running, expected: sum(expected[step.name] for step in pending)
    progress.plan(steps("etcd", "kafka", "loki"))
    progress.started("etcd")
    now[0] += 120
    progress.finished("etcd", 120.0)
    progress.started("kafka")
    now[0] += 120
    progress.tick()
    assert stream.getvalue().splitlines()[-1] == "[2/3] kafka 2 min 00 s (4 min 00 s so far, about 2 min 00 s left)"
