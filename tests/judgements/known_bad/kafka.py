"""Known-bad examples of topics, the consumer group and its lag."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tests.judgements.silence import silent
from tests.judgements.world import World

Breakage = Callable[..., None]


def lag(first: tuple[int, int], second: tuple[int, int]) -> Breakage:
    """Both samples, as committed and end offset of the only partition."""

    def breakage(world: World, _subject: str) -> None:
        world.answers["kafka_lag"] = [
            {"at": world.now + wait, "partitions": {"0": {"committed": committed, "end": end}}}
            for wait, (committed, end) in ((0.0, first), (2.0, second))
        ]

    return breakage


stalled = lag((1_000, 2_000), (1_000, 2_040))


def partitions(change: dict[str, Any] | None) -> Breakage:
    def breakage(world: World, topic: str) -> None:
        if change is None:
            world.answers["kafka_topics"][topic].pop()
        else:
            world.answers["kafka_topics"][topic][0].update(change)

    return breakage


def topic_setting(key: str, value: str) -> Breakage:
    def breakage(world: World, topic: str) -> None:
        world.answers["kafka_settings"][topic][key] = {"value": value, "own": True}

    return breakage


def one_partition_more(world: World, topic: str) -> None:
    """Of the readings' topic; for the other one no number is declared, but a setting."""
    found = world.answers["kafka_topics"][topic]
    found.append({**found[0], "partition": len(found)})
    if topic != world.pipeline.topics.readings:
        topic_setting("compression.type", "zstd")(world, topic)


def flooded(topic: str = "") -> Breakage:
    """The topic grows by megabytes a second; by default that of the readings."""

    def breakage(world: World) -> None:
        world.answers["kafka_sizes"][1]["bytes"][topic or world.pipeline.topics.readings] = 110_000_000

    return breakage


def group(**change: Any) -> Breakage:
    def breakage(world: World) -> None:
        world.answers["kafka_group"].update(change)

    return breakage


def offsets_set(key: str, value: str) -> Breakage:
    """A setting of the topic in which the brokers keep the committed offsets."""

    def breakage(world: World) -> None:
        made = {"cleanup.policy": "compact", "segment.bytes": "104857600", "compression.type": "producer"}
        known = {name: {"value": text, "own": True} for name, text in {**made, key: value}.items()}
        world.answers["kafka_settings"]["__consumer_offsets"] = known

    return breakage


def left_behind(world: World) -> None:
    """A member that is gone still holds two partitions, in which readings wait for a minute."""
    held = [f"{world.pipeline.topics.readings}/{number}" for number in (0, 1)]
    (own,) = world.answers["kafka_group"]["members"]
    own["partitions"] = [one for one in own["partitions"] if one not in held]
    world.answers["kafka_group"]["members"].append({"id": "old", "host": "10.244.0.200", "partitions": held})
    world.answers["kafka_lag"] = [
        {"at": world.now + wait, "partitions": {str(n): standing(n < 2, wait) for n in range(6)}} for wait in (0, 2)
    ]


def put_back(world: World) -> None:
    """The topic's log is an older one, of which the group has read more than there is."""
    for look in world.answers["kafka_lag"]:
        for known in look["partitions"].values():
            known["committed"] = known["end"] + 5_000


def standing(still: bool, wait: int) -> dict[str, int]:
    """A partition at a look so many seconds after the first: with a minute's readings, or read up to its end."""
    end = 10_000 + 4 * wait
    return {"committed": 9_700 if still else end, "end": end}


def joined(by: str) -> Breakage:
    """Somebody else is in the group, with a partition: a pod of another component, or ``loopback``."""

    def breakage(world: World) -> None:
        host = "127.0.0.1"
        if by != "loopback":
            host = "10.244.0.77"
            world.pods(by)[0]["status"]["podIP"] = host
        taken = [f"{world.pipeline.topics.readings}/0"]
        world.answers["kafka_group"]["members"].append({"id": "x", "host": host, "partitions": taken})

    return breakage


def group_stuck_in_rebalance(world: World) -> None:
    group(state="PreparingRebalance")(world)
    stalled(world, "")


def idle_processor(world: World, *_: str) -> None:
    """One of two processors that have been ready for long is in no group."""
    first, (member, *_others) = world.pods("processor")[0], world.answers["kafka_group"]["members"]
    second = copy.deepcopy(first)
    second["metadata"] |= {"name": f"{first['metadata']['name'][:-5]}zzzzz", "uid": "second"}
    for pod, address in ((first, member["host"]), (second, "10.244.0.92")):
        pod["status"]["podIP"] = address
    world.answers["pods"].append(second)


KNOWN_BAD_KAFKA: dict[str, tuple[Breakage, ...]] = {
    "test_kafka_topic": (partitions(None), partitions({"leader": -1}), partitions({"isr": []})),
    "test_topic_set_as_declared": (
        topic_setting("retention.ms", "300000"),
        topic_setting("cleanup.policy", "compact,delete"),
        topic_setting("compression.type", "gzip"),
        one_partition_more,
    ),
    "test_broker_not_flooded": (flooded(), flooded("load-test")),
    "test_topic_grows": (silent(), silent(prometheus=False)),
    "test_brokers_set_as_declared": (
        lambda world: world.answers.update(kafka_brokers=[{"broker": "", "key": "num.io.threads", "value": "2"}]),
        lambda world: world.answers.update(kafka_at_start=[{"broker": "0", "key": "num.io.threads", "value": "2"}]),
        offsets_set("retention.ms", "60000"),
        offsets_set("cleanup.policy", "delete"),
    ),
    "test_processors_only": (joined("loopback"), joined("grafana"), left_behind),
    "test_consumer_group_stable": (
        group(state="Empty", members=[]),
        group(members=[]),
        group_stuck_in_rebalance,
        left_behind,
        put_back,
        idle_processor,
    ),
}
