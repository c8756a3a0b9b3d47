"""Runs steps on two lanes: what waits for the network beside what needs the processors."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path

from pipeline_services.clients import shell
from pipeline_services.model.failures import CommandFailed, Interrupted, PlatformError, StepFailed
from pipeline_services.model.paths import Cache
from pipeline_services.model.signals import held_back
from pipeline_services.platform.build import network
from pipeline_services.platform.build.graph import ROOM, Graph, Job, Step, sorter
from pipeline_services.platform.build.progress import Progress

TICK = 0.5


@dataclass(slots=True)
class _Run:
    graph: Graph
    cache: Cache
    progress: Progress
    pending: list[Step]
    order: TopologicalSorter[str]
    ready: set[str] = field(default_factory=set)
    running: dict[Future[float], Step] = field(default_factory=dict)

    def launch(self, pool: ThreadPoolExecutor) -> None:
        """Start what is ready, as far as the lanes have room."""
        busy = Counter(step.lane for step in self.running.values())
        self.ready.update(self.order.get_ready())
        for step in list(self.pending):
            if busy[step.lane] < ROOM[step.lane] and step.name in self.ready:
                busy[step.lane] += 1
                self.pending.remove(step)
                self.progress.started(step.name)
                self.running[pool.submit(self._work, step)] = step

    def _work(self, step: Step) -> float:
        key = self.graph.key(step.name)
        work = self.cache.work / f"{step.name}-{key}"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        log = self.cache.logs / f"{step.name}.log"
        log.write_bytes(b"")
        began = time.monotonic()
        try:
            step.run(Job(step.name, key, {need: self.graph.key(need) for need in step.needs}, log, work))
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return time.monotonic() - began

    def collect(self) -> None:
        """Wait a moment for steps to end, and hand on what they say."""
        finished, _ = wait(self.running, timeout=TICK, return_when=FIRST_COMPLETED)
        self.progress.tick()
        for future in finished:
            step = self.running.pop(future)
            try:
                seconds = future.result()
            except (PlatformError, OSError) as error:
                raise _named(step, error, self.cache.logs / f"{step.name}.log") from error
            self.order.done(step.name)
            self.progress.finished(step.name, seconds)


def execute(graph: Graph, todo: Sequence[Step], cache: Cache, progress: Progress) -> None:
    """Run the steps; ``todo`` comes from :meth:`Graph.left`.

    Raises:
        StepFailed: one failed; what else ran was ended.
        Interrupted: Ctrl-C, or a signal that asks to stop; every child was ended.
    """
    with progress.plan(todo), ThreadPoolExecutor(max_workers=sum(ROOM.values())) as pool:
        run = _Run(graph, cache, progress, by_urgency(todo, progress.expected), sorter(todo))
        run.order.prepare()
        try:
            while run.order.is_active():
                run.launch(pool)
                run.collect()
        except BaseException as error:
            with held_back():  # a second signal must not leave a compiler behind
                shell.stop_children()
                pool.shutdown(wait=True)
                shell.allow_children()
            if isinstance(error, KeyboardInterrupt):
                raise Interrupted.by(error) from None
            raise


def _named(step: Step, error: Exception, log: Path) -> PlatformError:
    """The error with the step's name and the end of its log."""
    if isinstance(error, Interrupted):
        return error
    if not isinstance(error, CommandFailed):
        return StepFailed(step.name, error.message if isinstance(error, PlatformError) else str(error), log, "")
    silence = network.silence(error, step.lane)
    if silence:
        return PlatformError(f"{step.name}: a registry does not answer ({silence})", next_step=network.NEXT_STEP)
    return StepFailed(step.name, error.message, log, error.tail)


def by_urgency(todo: Sequence[Step], expected: Mapping[str, float]) -> list[Step]:
    """The steps with most work behind them first: their own seconds and those of the longest chain that waits for them.

    Args:
        expected: seconds a step takes, by name.
    """
    behind: dict[str, float] = {}
    for step in reversed(todo):  # what waits for a step stands after it
        behind[step.name] = behind.get(step.name, 0.0) + expected[step.name]
        for before in step.before:
            behind[before] = max(behind.get(before, 0.0), behind[step.name])
    return sorted(todo, key=lambda step: -behind[step.name])


def time_left(
    graph: Graph, pending: Sequence[Step], running: Mapping[str, float], expected: Mapping[str, float]
) -> float:
    """Seconds until the last step ends if each takes as long as expected.

    Two steps on a lane take about as long side by side as one after the other, so here they take turns.

    Args:
        running: for each step that runs, how many seconds of work are done; those that share a lane get half each.
        expected: seconds a step takes, by name.
    """
    ends: dict[str, float] = {name: max(1.0, expected[name] - spent) for name, spent in running.items()}
    free = dict.fromkeys(ROOM, 0.0)
    for name, end in ends.items():
        lane = graph.steps[name].lane
        ends[name] = free[lane] = free[lane] + end
    waiting = by_urgency(pending, expected)
    unfinished = {*ends, *(step.name for step in waiting)}
    while waiting:
        step, begin = _next_to_start(waiting, free, ends, unfinished)
        waiting.remove(step)
        ends[step.name] = free[step.lane] = begin + expected[step.name]
    return max(ends.values(), default=0.0)


def _next_to_start(
    waiting: Sequence[Step], free: Mapping[str, float], ends: Mapping[str, float], unfinished: set[str]
) -> tuple[Step, float]:
    """The step that can begin first, and when."""
    starts: list[tuple[float, int]] = []
    for number, step in enumerate(waiting):
        before = unfinished.intersection(step.before)
        if before <= ends.keys():
            starts.append((max([free[step.lane], *(ends[name] for name in before)]), number))
    begin, number = min(starts)
    return waiting[number], begin
