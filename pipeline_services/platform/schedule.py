"""Runs steps on two lanes, one step a lane at a time: what waits for the network beside what needs the processors."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from pipeline_services.platform import network, shell
from pipeline_services.platform.failures import CommandFailed, Interrupted, PlatformError, StepFailed
from pipeline_services.platform.graph import LANES, Graph, Job, Step
from pipeline_services.platform.paths import Cache
from pipeline_services.platform.progress import Progress

TICK = 0.5


@dataclass(slots=True)
class _Run:
    graph: Graph
    cache: Cache
    progress: Progress
    pending: list[Step]
    running: dict[Future[float], Step] = field(default_factory=dict)

    def launch(self, pool: ThreadPoolExecutor) -> None:
        busy = {step.lane for step in self.running.values()}
        unfinished = {step.name for step in (*self.pending, *self.running.values())}
        for lane in LANES:
            ready = (s for s in self.pending if s.lane == lane and unfinished.isdisjoint(s.needs))
            if lane in busy or (step := next(ready, None)) is None:
                continue
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
        finished, _ = wait(self.running, timeout=TICK, return_when=FIRST_COMPLETED)
        self.progress.tick()
        for future in finished:
            step = self.running.pop(future)
            try:
                seconds = future.result()
            except (PlatformError, OSError) as error:
                raise _named(step, error, self.cache.logs / f"{step.name}.log") from error
            self.progress.finished(step.name, seconds)


def execute(graph: Graph, todo: Sequence[Step], cache: Cache, progress: Progress) -> None:
    """Run the steps; ``todo`` comes from :meth:`Graph.left`.

    Raises:
        StepFailed: one failed; what else ran was ended.
        Interrupted: Ctrl-C; every child was ended.
    """
    run = _Run(graph, cache, progress, list(todo))
    progress.plan(todo)
    with ThreadPoolExecutor(max_workers=len(LANES)) as pool:
        try:
            while run.pending or run.running:
                run.launch(pool)
                run.collect()
        except BaseException as error:
            shell.stop_children()
            pool.shutdown(wait=True)
            shell.allow_children()
            if isinstance(error, KeyboardInterrupt):
                raise Interrupted("stopped by Ctrl-C", next_step="run the same command again: it goes on") from None
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


def time_left(
    graph: Graph, pending: Sequence[Step], running: Mapping[str, float], expected: Mapping[str, float]
) -> float:
    """Seconds until the last step ends if each takes as long as expected.

    Args:
        running: for each step that runs, for how many seconds it has.
        expected: seconds a step takes, by name.
    """
    names = [*running, *(step.name for step in pending)]
    ends: dict[str, float] = {name: max(1.0, expected[name] - spent) for name, spent in running.items()}
    free = dict.fromkeys(LANES, 0.0)
    for name, end in ends.items():
        free[graph.steps[name].lane] = end
    waiting = list(pending)
    while waiting:
        step, begin = _next_to_start(waiting, free, ends, set(names))
        waiting.remove(step)
        ends[step.name] = free[step.lane] = begin + expected[step.name]
    return max(ends.values(), default=0.0)


def _next_to_start(
    waiting: Sequence[Step], free: Mapping[str, float], ends: Mapping[str, float], open_names: set[str]
) -> tuple[Step, float]:
    best: tuple[float, Step] | None = None
    for step in waiting:
        needs = [need for need in step.needs if need in open_names]
        if any(need not in ends for need in needs):
            continue
        begin = max([free[step.lane], *(ends[need] for need in needs)])
        if best is None or begin < best[0]:
            best = (begin, step)
    if best is None:
        raise ValueError("the steps need each other in a circle")
    return best[1], best[0]
