"""Partitions of the readings' topic that nobody works on, while the others are read (section 3.2). Pure."""

from __future__ import annotations

from pipeline_services.judgements.readings import REBALANCE
from pipeline_services.model.offsets import Offsets
from pipeline_services.model.pipeline import AT_LEAST_ONCE
from pipeline_services.snapshot.snapshot import Snapshot


def standing_still(snapshot: Snapshot) -> dict[int, int]:
    """How many readings wait in each partition in which nothing was committed between the two looks.

    None where in no other anything was committed, where those are behind as well, since then each has to wait for its
    turn, and where less waits than a rebalance holds up. Who commits by itself does so now and then.

    Raises:
        PipelineError: the offsets were not read.
    """
    samples = [Offsets.of(one) for one in snapshot.data("kafka_lag")]
    if len(samples) < 2 or snapshot.pipeline.delivery != AT_LEAST_ONCE:
        return {}
    first, last = samples[0], samples[-1]
    produced, seconds = sum(last.end.values()) - sum(first.end.values()), last.at - first.at
    if produced <= 0 or seconds <= 0:
        return {}
    waiting = {number: end - (last.committed.get(number) or 0) for number, end in last.end.items()}
    moved = {number for number in waiting if last.committed.get(number) != first.committed.get(number)}
    still = {number: count for number, count in waiting.items() if count > 0 and number not in moved}
    usual = REBALANCE * produced / seconds
    behind = sum(waiting.values()) - sum(still.values())
    is_told = bool(moved) and sum(still.values()) > usual and behind <= usual
    return still if is_told else {}


def beyond_the_end(snapshot: Snapshot) -> dict[int, int]:
    """By how many readings the group has committed more of a partition than it holds, at both looks: the log is not the
    one that was read, as after its volume was put back. What is committed is asked before the end.

    Raises:
        PipelineError: the offsets were not read.
    """
    looks = [
        {number: done - one.end[number] for number, done in one.committed.items() if done and done > one.end[number]}
        for one in map(Offsets.of, snapshot.data("kafka_lag"))
    ]
    return (
        {number: count for number, count in looks[-1].items() if all(number in look for look in looks)} if looks else {}
    )
