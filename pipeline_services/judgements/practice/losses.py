"""What loses readings sooner or later: how offsets are committed, where a group begins, how many copies there are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from pipeline_services.judgements.practice.evidence import Practice, line_of, require_none, told
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData
from pipeline_services.model.k8s import Setting
from pipeline_services.snapshot.snapshot import Snapshot

_AUTO_COMMIT: Final = Practice(
    "offsets are committed before the readings are stored",
    "enable.auto.commit=false, and a commit after each write that InfluxDB has acknowledged",
    "readings whose write fails are lost: nobody reads them again",
)
_LATEST: Final = Practice(
    "a group without offsets begins at the end",
    "auto.offset.reset=earliest",
    "what was sent before the group's first commit, or after its offsets expired, is never read",
)
_ONE_COPY: Final = Practice(
    "there is one copy of the readings",
    "three brokers, replication factor 3, min.insync.replicas=2",
    "while the broker is away nothing is accepted; with its disk the readings are gone",
)
_COMMITS: Final = re.compile(r"(?i)auto[._-]?commit(?:[._-]?enable\w*)?[\"']?\s*[:=]\s*[\"']?(?P<value>true|false)\b")
_RESETS: Final = re.compile(
    r"(?i)offset[._-]?reset[\"']?\s*[:=]\s*[\"']?(?P<value>latest|largest|earliest|smallest|none)\b"
)
_LOSE: Final = ("true", "latest", "largest")


def offsets_follow_writes(snapshot: Snapshot) -> None:
    """The processor does not commit offsets by the clock.

    Raises:
        NoData: nothing that can be read says how it commits.
    """
    _judge(snapshot, _AUTO_COMMIT, _COMMITS, "how it commits offsets (enable.auto.commit)")


def group_begins_at_the_start(snapshot: Snapshot) -> None:
    """A group without offsets reads what was sent before.

    Raises:
        NoData: nothing that can be read says where it begins.
    """
    _judge(snapshot, _LATEST, _RESETS, "where a group without offsets begins (auto.offset.reset)")


def _judge(snapshot: Snapshot, practice: Practice, words: re.Pattern[str], what: str) -> None:
    part = snapshot.pipeline[roles.PROCESSOR]
    said = [(found["value"].lower(), one) for one in _said(snapshot) for found in words.finditer(one.value)]
    if not said:
        raise NoData(
            f"neither settings nor log of {part.workload} say {what}",
            next_step=f"set it in {part.workload}'s environment",
        )
    lines = [line_of(one) for value, one in said if value in _LOSE]
    require_none(snapshot, part, practice, lines)


def _said(snapshot: Snapshot) -> Iterator[Setting]:
    """What the processor is told, and what it says of its consumer's settings when it starts."""
    yield from told(snapshot, roles.PROCESSOR)
    for tail in snapshot.data(f"logs/{roles.PROCESSOR}"):
        yield from (Setting("", line.strip(), f"log of {tail['pod']}") for line in tail["lines"])


def topics_are_replicated(snapshot: Snapshot) -> None:
    """Each topic of the pipeline that there is has a second copy of every partition."""
    topics = snapshot.data("kafka_topics")
    ours = [one for one in snapshot.pipeline.topics.least_partitions if one in topics]
    if not ours:
        raise NoData("Kafka has none of the pipeline's topics")
    brokers = sorted({number for known in topics.values() for one in known for number in one["replicas"]})
    lines = [_copies(topic, topics[topic], brokers) for topic in ours if _single(topics[topic])]
    require_none(snapshot, roles.KAFKA, _ONE_COPY, lines)


def _single(partitions: Iterable[dict[str, list[int]]]) -> list[dict[str, list[int]]]:
    return [one for one in partitions if len(one["replicas"]) < 2]


def _copies(topic: str, partitions: list[dict[str, list[int]]], brokers: list[int]) -> str:
    known = ", ".join(map(str, brokers))
    return (
        f"topic {topic}: {len(_single(partitions))} of {len(partitions)} partitions have one replica; brokers: {known}"
    )
