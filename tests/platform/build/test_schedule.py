"""Two lanes, needs first, failures with their log, nothing left running."""

from __future__ import annotations

import io
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline_services.clients import shell
from pipeline_services.model.failures import CommandFailed, Interrupted, PlatformError, StepFailed
from pipeline_services.model.paths import Cache
from pipeline_services.platform.build import network
from pipeline_services.platform.build.graph import COMPILE, FETCH, ROOM, Graph, Job, Step
from pipeline_services.platform.build.progress import Progress
from pipeline_services.platform.build.schedule import by_urgency, execute, time_left

SILENCES = {
    "go": "go: dial tcp 192.0.2.1:443: i/o timeout",
    "pip": "ERROR: Could not install packages due to an OSError: Max retries exceeded with url",
    "maven": "[ERROR] Could not transfer artifact org.apache:x:pom:1 from/to central",
    "apt": "E: Failed to fetch http://mirror/x.deb  Temporary failure resolving 'mirror'",
    "cargo": "warning: spurious network error (3 tries remaining)",
}


def step(name: str, run: Callable[[Job], None], lane: str = FETCH, needs: tuple[str, ...] = ()) -> Step:
    return Step(name, lane, 1.0, done=lambda _key: False, run=run, needs=needs)


def run_all(folder: Path, *steps: Step) -> str:
    stream = io.StringIO()
    graph = Graph.of(steps)
    execute(graph, graph.left([item.name for item in steps]), Cache(folder), Progress(stream=stream))
    return stream.getvalue()


def test_needs_run_first_and_their_keys_are_handed_over(tmp_path: Path) -> None:
    seen: list[Job] = []
    run_all(tmp_path, step("a", seen.append), step("b", seen.append, COMPILE, ("a",)))
    assert [job.step for job in seen] == ["a", "b"]
    assert seen[1].inputs == {"a": seen[0].key}


def test_lanes_run_beside_each_other(tmp_path: Path) -> None:
    together = threading.Barrier(2, timeout=10)
    run_all(tmp_path, step("a", lambda _: _met(together)), step("b", lambda _: _met(together), COMPILE))


def test_no_lane_runs_more_than_it_has_room_for(tmp_path: Path) -> None:
    room, most = threading.Semaphore(ROOM[FETCH]), list[bool]()

    def crowded(_job: Job) -> None:
        most.append(room.acquire(blocking=False))
        room.release()

    run_all(tmp_path, *(step(f"step-{number}", crowded) for number in range(8)))
    assert all(most)


def test_step_waits_for_the_one_it_shares_work_with_but_does_not_ask_for_it(tmp_path: Path) -> None:
    seen: list[str] = []
    first = Step("a", FETCH, 1.0, done=lambda _: False, run=lambda job: seen.append(job.step))
    second = Step("b", FETCH, 9.0, done=lambda _: False, run=lambda job: seen.append(job.step), after=("a",))
    graph = Graph.of([first, second])
    execute(graph, graph.left(["b"]), Cache(tmp_path), Progress(stream=io.StringIO()))
    assert seen == ["b"]
    run_all(tmp_path, first, second)
    assert seen == ["b", "a", "b"]


def test_most_work_behind_it_goes_first() -> None:
    nothing = lambda _job: None  # noqa: E731
    steps = [
        step("small", nothing),
        step("big", nothing, COMPILE),
        step("download", nothing),
        step("end", nothing, COMPILE, ("download",)),
    ]
    order = by_urgency(steps, {"small": 1.0, "big": 50.0, "download": 5.0, "end": 60.0})
    assert [item.name for item in order] == ["download", "end", "big", "small"]


def test_work_folder_is_thrown_away(tmp_path: Path) -> None:
    run_all(tmp_path, step("a", lambda job: (job.work / "half-done").touch()))
    assert list((tmp_path / "work").iterdir()) == []


def test_failed_step_shows_the_end_of_its_log_and_where_it_is(tmp_path: Path) -> None:
    def fail(job: Job) -> None:
        shell.run(["sh", "-c", "echo what went wrong; exit 3"], log=job.log)

    with pytest.raises(StepFailed) as caught:
        run_all(tmp_path, step("a", fail), step("b", _refuse, needs=("a",)))
    assert caught.value.tail == "what went wrong"
    assert "a: sh failed (exit code 3)" in str(caught.value)
    assert str(tmp_path / "logs" / "a.log") in str(caught.value)


def test_failure_ends_what_else_runs(tmp_path: Path) -> None:
    started = threading.Event()

    def sleep(job: Job) -> None:
        started.set()
        shell.run(["sleep", "60"], log=job.log)

    def fail(_job: Job) -> None:
        assert started.wait(10)
        raise PlatformError("no")

    with pytest.raises(StepFailed, match="b: no"):
        run_all(tmp_path, step("a", sleep, COMPILE), step("b", fail))


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C as at a terminal: a run in the background was started with the signal ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_the_children_in_one_line_and_the_next_run_works(tmp_path: Path) -> None:
    def interrupt(job: Job) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        shell.run(["sleep", "60"], log=job.log)

    with pytest.raises(Interrupted, match=r"stopped by Ctrl-C\. Next: run the same command again"):
        run_all(tmp_path, step("a", interrupt))
    assert "a done" in run_all(tmp_path, step("a", lambda job: None))


@pytest.mark.parametrize("client", SILENCES)
def test_registry_that_does_not_answer_is_one_line(tmp_path: Path, client: str) -> None:
    def fail(job: Job) -> None:
        shell.run(["sh", "-c", f'echo "{SILENCES[client]}"; exit 1'], log=job.log)

    with pytest.raises(PlatformError, match="a: a registry does not answer") as caught:
        run_all(tmp_path, step("a", fail))
    assert caught.value.next_step == network.NEXT_STEP
    assert "\n" not in str(caught.value)


def test_download_without_an_end_is_a_silent_registry_but_a_compilation_is_not() -> None:
    endless = CommandFailed("go list (no end after 1200 s)", shell.TOO_LONG, "")
    assert network.silence(endless, FETCH)
    assert not network.silence(endless, COMPILE)
    assert not network.silence(CommandFailed("go build", 1, "undefined: x"), FETCH)


def test_time_left_runs_the_lanes_side_by_side() -> None:
    nothing = lambda _job: None  # noqa: E731
    graph = Graph.of([step("f1", nothing), step("f2", nothing), step("c1", nothing, COMPILE, ("f1",))])
    pending = [graph.steps[name] for name in ("f2", "c1")]
    assert time_left(graph, pending, {"f1": 4.0}, {"f1": 10.0, "f2": 20.0, "c1": 30.0}) == 36.0


def test_time_left_lets_steps_of_one_lane_take_turns() -> None:
    graph = Graph.of([step("c1", lambda _: None, COMPILE), step("c2", lambda _: None, COMPILE)])
    assert time_left(graph, [], {"c1": 0.0, "c2": 0.0}, {"c1": 10.0, "c2": 10.0}) == 20.0


def test_time_left_never_falls_to_zero_while_a_step_overruns() -> None:
    graph = Graph.of([step("a", lambda _job: None)])
    assert time_left(graph, [], {"a": 99.0}, {"a": 10.0}) == 1.0


def _met(barrier: threading.Barrier) -> None:
    barrier.wait()


def _refuse(_job: Job) -> None:
    raise AssertionError("ran after a failure")
