"""Looks at all pipelines at once; of each cluster only at a few at a time, so that no cluster holds up another."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from threading import Semaphore
from typing import Final

from pipeline_services.checklist.checks import require_known_exemptions
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.exit_codes import PASSED
from pipeline_services.model.settings import resolve_target
from pipeline_services.reporting.fleet.members import Fleet, Member
from pipeline_services.reporting.fleet.standing import Standing, standing, unanswered
from pipeline_services.snapshot.live import LivePipeline
from pipeline_services.snapshot.snapshot import Snapshot

AT_ONCE_OF_A_CLUSTER: Final = 8
MOST_THREADS: Final = 256

Keep = Callable[[Standing, Snapshot], None]


def look_at(
    fleet: Fleet, keep: Keep = lambda *_: None, looked: Callable[[Standing], None] = lambda _: None
) -> list[Standing]:
    """How each pipeline stands, in the order of the file.

    Args:
        keep: is called with each row that is not healthy, and its snapshot.
        looked: is called with each row as soon as it is judged.
    """
    turns: dict[str, Semaphore] = defaultdict(lambda: Semaphore(AT_ONCE_OF_A_CLUSTER))
    for member in fleet.members:
        turns[member.cluster]  # made here, where there is one thread
    rows: dict[str, Standing] = {}
    with ThreadPoolExecutor(min(len(fleet.members), MOST_THREADS), thread_name_prefix="fleet") as pool:
        tasks = [pool.submit(_looked, fleet, member, turns[member.cluster], keep) for member in fleet.members]
        for task in as_completed(tasks):
            row = task.result()
            rows[row.name] = row
            looked(row)
    return [rows[member.name] for member in fleet.members]


def _looked(fleet: Fleet, member: Member, turn: Semaphore, keep: Keep) -> Standing:
    with turn:
        started = time.monotonic()
        row = _stands(fleet, member, keep)
        return replace(row, seconds=time.monotonic() - started)


def _stands(fleet: Fleet, member: Member, keep: Keep) -> Standing:
    cluster = member.context or member.kubeconfig or "the suite's own cluster"
    where = member.snapshot or ", ".join(filter(None, (cluster, member.namespace)))
    try:
        snapshot = _snapshot(fleet, member)
        require_known_exemptions(snapshot.pipeline)
        row = standing(member.name, snapshot, fleet.settings(member, snapshot.pipeline))
    except PipelineError as error:
        return unanswered(member.name, where, error)
    if row.code != PASSED:
        keep(row, snapshot)
    return row


def _snapshot(fleet: Fleet, member: Member) -> Snapshot:
    described = fleet.profile(member)
    saved = fleet.path(member.snapshot)
    if saved:
        return Snapshot.load(saved, described if member.pipeline else None)
    target = resolve_target(fleet.path(member.kubeconfig), member.context or None, member.namespace or None, described)
    with LivePipeline(target, fleet.settings(member, described)) as pipeline:
        return pipeline.snapshot()
