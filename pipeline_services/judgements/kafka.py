"""Does the broker have its topics, and does the consumer group work on all of them (section 3.3)?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.partitions import beyond_the_end, idle_processors, standing_still
from pipeline_services.judgements.pods import back_since, require_back, require_ready
from pipeline_services.judgements.readings import lag_growth, read
from pipeline_services.model import roles
from pipeline_services.model.commands import (
    DESCRIBE_GROUP,
    DESCRIBE_QUOTAS,
    DESCRIBE_SIZES,
    DESCRIBE_TOPIC,
    LIST_TOPICS,
)
from pipeline_services.model.errors import NoData, PipelineError, PreconditionNotMet
from pipeline_services.model.metrics.advice import Advice, advice_about
from pipeline_services.model.metrics.key_metrics import metrics_of
from pipeline_services.model.offsets import Offsets
from pipeline_services.model.text import duration, plural
from pipeline_services.snapshot.snapshot import Snapshot

_STALLED: Final = 0.9
BACK_S: Final = 60.0
"""Seconds after which every client of a restarted broker sends again."""
JOINED_S: Final = 30.0
"""Seconds after which every processor is in the group again: the longest that one takes to recover."""
_OFFSETS: Final = (
    "kubectl exec -n {namespace} {pod:kafka} -- kafka-get-offsets.sh --bootstrap-server localhost:{port:kafka} "
    "--topic {topic}"
)
FLOOD: Final = 2_000_000.0
"""Bytes a second from all clients: ten times what a thousand readings a second take."""
_MEANS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cleanup.policy": "readings are deleted by another rule: they may be gone before they are stored",
        "flush.messages": "a reading that was acknowledged may be lost when the broker's machine fails",
        "compression.type": "the broker packs each batch anew: it needs more CPU, and readings are acknowledged later",
        "message.timestamp.after.max.ms": "the broker refuses readings whose clock is ahead of its own",
        "message.timestamp.before.max.ms": "the broker refuses readings that waited for it",
        "message.timestamp.type": "the broker's time stands in place of that of the readings",
        "unclean.leader.election.enable": "a broker that lacks the newest readings may lead, and they are lost",
        "max.message.bytes": "the broker refuses larger batches of readings",
        "min.insync.replicas": "there is one copy of each reading: the broker refuses all writes that want more",
        "retention.bytes": "readings that wait are deleted once a partition is larger: a long outage loses them",
        "retention.ms": "readings that wait are deleted once they are older: an outage that lasts longer loses them",
        "segment.ms": "the broker starts files far more often: it runs out of file handles, and old readings go sooner",
        "segment.bytes": "the broker starts files more often or more rarely, and deletes in other steps",
    }
)
"""What another value of a topic's setting does to the pipeline."""


def topic_is_whole(snapshot: Snapshot, topic: str) -> None:
    """The topic has its partitions, each with a leader and all its replicas in sync."""
    require_ready(snapshot, roles.KAFKA)
    partitions, least = snapshot.data("kafka_topics").get(topic, ()), snapshot.pipeline.topics.least_partitions[topic]
    if len(partitions) < least:
        advice = _topic_advice(topic) if partitions else advice_about(roles.KAFKA).but(next_command=LIST_TOPICS)
        raise Deviation(snapshot, *_too_few(topic, len(partitions), least), advice)
    for partition in partitions:
        which = f"partition {partition['partition']} of {topic}"
        if partition["leader"] is None or partition["leader"] < 0:
            raise Deviation(snapshot, f"{which} has no leader", "a leader", _topic_advice(topic))
        if set(partition["isr"]) != set(partition["replicas"]):
            observed = f"{which} has replicas {partition['replicas']} but in sync only {partition['isr']}"
            raise Deviation(snapshot, observed, "all in sync", _topic_advice(topic))


def _too_few(topic: str, there: int, least: int) -> tuple[str, str]:
    if not there:
        return f"Kafka has no topic {topic}", f"one with at least {plural(least, 'partition')}"
    return f"topic {topic} has {plural(there, 'partition')}", f">= {least}"


def topic_grows(snapshot: Snapshot) -> None:
    """New messages come into the topic of readings, by the broker's own offsets (section 3.1).

    A pause between the two looks at them, some seconds apart, is none where Prometheus says that readings came within
    the minute; where Prometheus says nothing, the offsets alone decide.

    Raises:
        NoData: there was one look only, or Kafka has just become ready and its clients are on their way back.
    """
    require_ready(snapshot, roles.KAFKA, roles.PRODUCER)
    samples = [Offsets.of(one) for one in snapshot.data("kafka_lag")]
    seconds = samples[-1].at - samples[0].at if samples else 0.0
    if not seconds > 0:
        raise NoData("the offsets of the topic were looked at only once")
    if sum(samples[-1].end.values()) > sum(samples[0].end.values()):
        return
    if back_since(snapshot, roles.KAFKA) > snapshot.taken_at - BACK_S:
        raise NoData(f"kafka has just become ready; its clients are back within {BACK_S:g} s")
    if not _came_within_the_minute(snapshot):
        topic = snapshot.pipeline.topics.readings
        observed = f"no new message came into {topic} within {seconds:.1f} s"
        raise Deviation(snapshot, observed, "new messages", advice_about(roles.PRODUCER).but(next_command=_OFFSETS))


def _came_within_the_minute(snapshot: Snapshot) -> bool:
    metric = metrics_of(snapshot.pipeline).get("producer-rate")
    try:
        return metric is not None and metric.allows(read(snapshot, metric))
    except PipelineError:
        return False  # what Prometheus cannot say does not speak for the producer


def group_is_stable(snapshot: Snapshot) -> None:
    """The processors' group is Stable with every partition assigned and read, or rebalances without falling behind."""
    require_ready(snapshot, roles.KAFKA, roles.PROCESSOR)
    group, topics = snapshot.data("kafka_group"), snapshot.pipeline.topics
    advice = advice_about(roles.PROCESSOR).but(next_command=f"{DESCRIBE_GROUP} --state")
    if "rebalanc" in group["state"].lower() and lag_growth(snapshot) < _STALLED:
        return  # section 9, issue 2: 5-10 s are normal, and the lag shows that it has not been longer
    assigned = {partition for member in group["members"] for partition in member["partitions"]}
    free = [number for number in range(topics.partitions) if f"{topics.readings}/{number}" not in assigned]
    if group["state"] != "Stable" or free:
        for one in (roles.KAFKA, roles.PROCESSOR):
            require_back(snapshot, one, JOINED_S)
    if group["state"] != "Stable":
        observed = f"the group {topics.group} is {group['state']} with {len(group['members'])} members"
        raise Deviation(snapshot, observed, "Stable", advice)
    if free:
        raise Deviation(snapshot, f"no consumer reads the partitions {free}", "every partition assigned", advice)
    if still := standing_still(snapshot):
        observed = f"the partitions {sorted(still)} stand still with {sum(still.values())} readings waiting"
        raise Deviation(snapshot, observed, "readings of every partition consumed, as of the others", advice)
    if idle := idle_processors(snapshot):
        observed = f"{', '.join(idle)} is ready and no member of the group {topics.group}"
        raise Deviation(snapshot, observed, "each processor a member", advice)
    if ahead := beyond_the_end(snapshot):
        observed = f"the group has committed offsets up to {max(ahead.values())} beyond the end of {sorted(ahead)}"
        raise Deviation(snapshot, observed, "no offset that a partition does not have", advice)


def topic_is_set_as_declared(snapshot: Snapshot, topic: str) -> None:
    """The settings in force for the topic are the profile's, and it has no others of its own."""
    require_ready(snapshot, roles.KAFKA)
    for key, value, declared in other_settings(snapshot, topic):
        advice = _topic_advice(topic).but(impact=meaning_of(key), level="L2")
        expected = _in_words(key, declared) if declared else "no setting of its own"
        raise Deviation(snapshot, f"{key} of topic {topic} is {_in_words(key, value)}", expected, advice)
    topics, there = snapshot.pipeline.topics, len(snapshot.data("kafka_topics")[topic])
    if topic == topics.readings and there > topics.partitions:
        advice = _topic_advice(topic).but(
            impact="readings of a device go to another partition than before: their order is lost", level="L2"
        )
        raise Deviation(snapshot, f"topic {topic} has {plural(there, 'partition')}", f"{topics.partitions}", advice)


def meaning_of(key: str) -> str:
    """What another value of a topic's setting does to the pipeline."""
    return _MEANS.get(key, "the topic does not behave as the pipeline was measured with")


def _in_words(key: str, value: str) -> str:
    """A setting's value, with what milliseconds come to."""
    return f"{value} ({duration(int(value) / 1000)})" if key.endswith(".ms") and value.isdigit() else value


def other_settings(snapshot: Snapshot, topic: str) -> Iterator[tuple[str, str, str]]:
    """Each setting of the topic that is not the profile's: its name, what it is, and what was declared if anything.

    Raises:
        PreconditionNotMet: there is no such topic, which another check says.
        NoData: the broker did not say what is in force.
    """
    found: Mapping[str, Mapping[str, Any]] = snapshot.data("kafka_settings").get(topic) or {}
    declared = snapshot.pipeline.topics.settings
    if topic not in snapshot.data("kafka_topics"):
        raise PreconditionNotMet(f"there is no topic {topic}, so it has no settings")
    missing = sorted(declared.keys() - found.keys())
    if missing:
        raise NoData(f"the broker did not say what {', '.join(missing)} of topic {topic} is")
    for key, known in sorted(found.items()):
        if known["value"] != declared[key] if key in declared else known["own"]:
            yield key, str(known["value"]), declared.get(key, "")


def clients_are_not_limited(snapshot: Snapshot) -> None:
    """No client of the broker has a quota: the pipeline is measured without."""
    require_ready(snapshot, roles.KAFKA)
    for quota in snapshot.data("kafka_quotas"):
        limits = ", ".join(f"{key}={value:g}" for key, value in sorted(quota["limits"].items()))
        advice = advice_about(roles.KAFKA).but(
            impact="the broker throttles those clients: readings are sent, or stored, later and later",
            next_command=DESCRIBE_QUOTAS,
            level="L2",
        )
        raise Deviation(snapshot, f"the broker limits {limited(quota)} to {limits}", "no quota", advice)


def broker_is_not_flooded(snapshot: Snapshot) -> None:
    """All topics together grow by less than 2 MB a second: the pipeline's own readings take a fraction of it."""
    require_ready(snapshot, roles.KAFKA)
    grown = growth(snapshot)
    if sum(grown.values()) > FLOOD:
        advice = advice_about(roles.KAFKA).but(
            impact="another client uses up the broker's disk, CPU and network: readings are acknowledged late",
            next_command=DESCRIBE_SIZES,
            level="L2",
        )
        raise Deviation(snapshot, fastest(grown), f"less than {FLOOD / 1e6:g} MB/s in all topics", advice)


def growth(snapshot: Snapshot) -> dict[str, float]:
    """By how many bytes a second each topic grows; what shrinks, since old files are deleted, is left out.

    Raises:
        NoData: the sizes were not read twice.
    """
    samples = snapshot.data("kafka_sizes")
    if len(samples) < 2:
        raise NoData("the sizes of the topics were read only once")
    first, last = samples[0], samples[-1]
    took = last["at"] - first["at"]
    if took <= 0:
        raise NoData("the sizes of the topics were read twice at the same time")
    grown = {topic: (size - first["bytes"].get(topic, 0)) / took for topic, size in last["bytes"].items()}
    return {topic: rate for topic, rate in grown.items() if rate > 0}


def fastest(grown: Mapping[str, float]) -> str:
    """The topic that grows most, in words."""
    topic = max(grown, key=lambda name: grown[name])
    return f"topic {topic} grows by {grown[topic] / 1e6:.1f} MB/s"


def limited(quota: Mapping[str, Any]) -> str:
    """Whom a quota is about, in words."""
    names = [f"{kind} {name}" if name else f"every {kind}" for kind, name in sorted(quota["for"].items())]
    return " and ".join(names) or "somebody"


def _topic_advice(topic: str) -> Advice:
    return advice_about(roles.KAFKA).but(next_command=DESCRIBE_TOPIC.replace("{topic}", topic))
