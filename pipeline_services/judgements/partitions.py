"""Partitions of the readings' topic that nobody works on, while the others are read (section 3.2). Pure."""

from __future__ import annotations

from typing import Final

from pipeline_services.judgements.pods import all_ready_since, ready_pods
from pipeline_services.judgements.readings import REBALANCE
from pipeline_services.model import roles
from pipeline_services.model.k8s import addresses_of, name_of, ready_since
from pipeline_services.model.offsets import Offsets
from pipeline_services.model.pipeline import AT_LEAST_ONCE
from pipeline_services.snapshot.snapshot import Snapshot

JOINS_WITHIN_S: Final = 60.0
"""Seconds in which a ready processor is in the group, be it after a rebalance."""


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


def idle_processors(snapshot: Snapshot) -> list[str]:
    """The processor's pods that have been ready for a while and are no members of the group: they do nothing.

    None where a member's address is no processor's: then pods are not seen by their own addresses; and while clients
    come back to a broker.
    """
    pods = ready_pods(snapshot, roles.PROCESSOR)
    members = {str(one["host"]) for one in snapshot.data("kafka_group")["members"]}
    known = {address for pod in pods for address in addresses_of(pod)}
    if not members or not members <= known or len(pods) > snapshot.pipeline.topics.partitions:
        return []
    latest = snapshot.taken_at - JOINS_WITHIN_S
    if any(since > latest for since in all_ready_since(ready_pods(snapshot, roles.KAFKA))):
        return []
    settled = [pod for pod in pods if (ready_since(pod) or snapshot.taken_at) <= latest]
    return sorted(name_of(pod) for pod in settled if not members & set(addresses_of(pod)))


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
