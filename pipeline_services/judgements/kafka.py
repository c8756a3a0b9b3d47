"""Does the broker have its topics, and does the consumer group work on all of them (section 3.3)?"""

from __future__ import annotations

from typing import Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.pods import require_ready
from pipeline_services.judgements.readings import lag_growth
from pipeline_services.metrics.advice import COMPONENT_ADVICE, Advice
from pipeline_services.model import roles
from pipeline_services.model.commands import DESCRIBE_GROUP, DESCRIBE_TOPIC
from pipeline_services.snapshot.snapshot import Snapshot

_STALLED: Final = 0.9


def topic_is_whole(snapshot: Snapshot, topic: str) -> None:
    """The topic has its partitions, each with a leader and all its replicas in sync."""
    require_ready(snapshot, roles.KAFKA)
    partitions, least = snapshot.data("kafka_topics").get(topic, ()), snapshot.pipeline.topics.least_partitions[topic]
    if len(partitions) < least:
        observed = f"topic {topic} has {len(partitions)} partitions"
        raise Deviation(snapshot, observed, f">= {least}", _topic_advice(topic))
    for partition in partitions:
        which = f"partition {partition['partition']} of {topic}"
        if partition["leader"] is None or partition["leader"] < 0:
            raise Deviation(snapshot, f"{which} has no leader", "a leader", _topic_advice(topic))
        if set(partition["isr"]) != set(partition["replicas"]):
            observed = f"{which} has replicas {partition['replicas']} but in sync only {partition['isr']}"
            raise Deviation(snapshot, observed, "all in sync", _topic_advice(topic))


def group_is_stable(snapshot: Snapshot) -> None:
    """The processors' group is Stable with every partition assigned, or rebalances without falling behind."""
    require_ready(snapshot, roles.KAFKA, roles.PROCESSOR)
    group, topics = snapshot.data("kafka_group"), snapshot.pipeline.topics
    advice = COMPONENT_ADVICE[roles.PROCESSOR].but(next_command=f"{DESCRIBE_GROUP} --state")
    if "rebalanc" in group["state"].lower() and lag_growth(snapshot) < _STALLED:
        return  # section 9, issue 2: 5-10 s are normal, and the lag shows that it has not been longer
    if group["state"] != "Stable":
        observed = f"the group {topics.group} is {group['state']} with {len(group['members'])} members"
        raise Deviation(snapshot, observed, "Stable", advice)
    assigned = {partition for member in group["members"] for partition in member["partitions"]}
    free = [number for number in range(topics.partitions) if f"{topics.readings}/{number}" not in assigned]
    if free:
        raise Deviation(snapshot, f"nobody reads the partitions {free}", "every partition assigned", advice)


def _topic_advice(topic: str) -> Advice:
    return COMPONENT_ADVICE[roles.KAFKA].but(next_command=DESCRIBE_TOPIC.replace("{topic}", topic))
