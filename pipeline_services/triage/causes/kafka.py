"""Topics, broker and consumer group."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.model.commands import DESCRIBE_GROUP, DESCRIBE_TOPIC
from pipeline_services.triage.causes.steps import RESTORE
from pipeline_services.triage.model import Cause

CAUSES: Final = (
    Cause(
        "topic-missing",
        "the topic does not exist or lacks partitions",
        Escalation.L2,
        "kafka-statefulset-failure",
        steps=(
            DESCRIBE_TOPIC,
            RESTORE,
        ),
        afterwards="every partition has a leader",
    ),
    Cause(
        "partition-leaderless",
        "a partition has no leader",
        Escalation.L3,
        "kafka-statefulset-failure",
        steps=("kubectl logs -n {namespace} {pod:kafka} --tail=200", "kubectl delete pod -n {namespace} {pod:kafka}"),
        afterwards="every partition has a leader",
    ),
    Cause(
        "records-refused",
        "the broker refuses what is sent to the topic",
        Escalation.L2,
        "kafka-statefulset-failure",
        steps=(DESCRIBE_TOPIC, "kubectl logs -n {namespace} -l {selector:producer} --tail=50"),
        afterwards="the topic's Configs let a batch of readings through, and the producer says no more of it",
    ),
    Cause(
        "broker-unresponsive",
        "the broker runs and does not answer",
        Escalation.L3,
        "kafka-statefulset-failure",
        symptomatic=True,
        steps=("kubectl logs -n {namespace} {pod:kafka} --tail=200", "kubectl delete pod -n {namespace} {pod:kafka}"),
        afterwards="the topic can be described",
    ),
    Cause(
        "rebalancing",
        "the consumer group is rebalancing",
        Escalation.L1,
        "known-issues",
        heals_within=60,
        steps=(DESCRIBE_GROUP,),
        afterwards="the group is Stable",
    ),
    Cause(
        "partitions-unread",
        "some partitions have no consumer",
        Escalation.L2,
        "processor-pod-failure",
        symptomatic=True,
        steps=(
            DESCRIBE_GROUP,
            "kubectl delete pods -n {namespace} -l {selector:processor}",
        ),
        afterwards="every partition has a consumer",
    ),
)
