"""Causes that lie in what flows: broker, group, store, readings."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.causes.steps import HISTORY, LOGS, RESTORE
from pipeline_services.triage.model import Cause

L1 = Escalation.L1
L2 = Escalation.L2
L3 = Escalation.L3

_KAFKA = "kubectl exec -n {namespace} {pod:kafka} -- "
_AT = "--bootstrap-server localhost:{port:kafka}"
GROUP: Final = f"{_KAFKA}kafka-consumer-groups.sh {_AT} --group {{group}} --describe"
TOPIC: Final = f"{_KAFKA}kafka-topics.sh {_AT} --describe --topic {{topic}}"
DEAD_LETTERS: Final = (
    f"{_KAFKA}kafka-console-consumer.sh {_AT} --topic {{dead_letter_topic}} "
    "--from-beginning --max-messages 1 --timeout-ms 10000"
)
DATA: Final = (
    Cause(
        "topic-missing",
        "the topic does not exist or lacks partitions",
        L2,
        "kafka-statefulset-failure",
        steps=(
            TOPIC,
            RESTORE,
        ),
        afterwards="every partition has a leader",
    ),
    Cause(
        "partition-leaderless",
        "a partition has no leader",
        L3,
        "kafka-statefulset-failure",
        steps=("kubectl logs -n {namespace} {pod:kafka} --tail=200", "kubectl delete pod -n {namespace} {pod:kafka}"),
        afterwards="every partition has a leader",
    ),
    Cause(
        "records-refused",
        "the broker refuses what is sent to the topic",
        L2,
        "kafka-statefulset-failure",
        steps=(TOPIC, "kubectl logs -n {namespace} -l {selector:producer} --tail=50"),
        afterwards="the topic's Configs let a batch of readings through, and the producer says no more of it",
    ),
    Cause(
        "broker-unresponsive",
        "the broker runs and does not answer",
        L3,
        "kafka-statefulset-failure",
        symptomatic=True,
        steps=("kubectl logs -n {namespace} {pod:kafka} --tail=200", "kubectl delete pod -n {namespace} {pod:kafka}"),
        afterwards="the topic can be described",
    ),
    Cause(
        "store-unresponsive",
        "InfluxDB runs and does not serve",
        L3,
        "influxdb-statefulset-failure",
        symptomatic=True,
        steps=(
            "kubectl logs -n {namespace} {pod:influxdb} --tail=200",
            "kubectl delete pod -n {namespace} {pod:influxdb}",
        ),
        afterwards='/health answers "pass"',
    ),
    Cause(
        "bucket-missing",
        "InfluxDB has no such bucket or organisation",
        L2,
        "influxdb-statefulset-failure",
        steps=("kubectl logs -n {namespace} -l {selector:processor} --tail=50", RESTORE),
        afterwards="writes go on",
    ),
    Cause(
        "rebalancing",
        "the consumer group is rebalancing",
        L1,
        "known-issues",
        heals_within=60,
        steps=(GROUP,),
        afterwards="the group is Stable",
    ),
    Cause(
        "partitions-unread",
        "some partitions have no consumer",
        L2,
        "processor-pod-failure",
        symptomatic=True,
        steps=(
            GROUP,
            "kubectl delete pods -n {namespace} -l {selector:processor}",
        ),
        afterwards="every partition has a consumer",
    ),
    Cause(
        "backlog-draining",
        "consumers are catching up with a backlog",
        L1,
        "processor-pod-failure",
        heals_within=300,
        steps=(GROUP,),
        afterwards="LAG is small and stays so",
    ),
    Cause(
        "processing-too-slow",
        "readings come in faster than they are stored",
        L2,
        "processor-pod-failure",
        symptomatic=True,
        steps=(
            "kubectl top pods -n {namespace} --containers",
            "kubectl scale {kind:processor} {name:processor} -n {namespace} --replicas=3",
        ),
        undo="kubectl scale {kind:processor} {name:processor} -n {namespace} --replicas=1",
        afterwards="LAG falls",
    ),
    Cause(
        "writes-fail",
        "InfluxDB rejects what the processor writes",
        L2,
        "influxdb-statefulset-failure",
        symptomatic=True,
        steps=("kubectl logs -n {namespace} -l {selector:processor} --tail=50",),
        afterwards="writes go on",
    ),
    Cause(
        "producer-idle",
        "the producer runs and sends nothing",
        L2,
        "producer-pod-failure",
        symptomatic=True,
        steps=(LOGS, "kubectl delete pods -n {namespace} -l {selector:producer}"),
        afterwards="the producer's rate is above 0.5 readings/s",
    ),
    Cause(
        "data-clock-wrong",
        "readings have impossible timestamps",
        L2,
        "producer-pod-failure",
        steps=("kubectl logs -n {namespace} -l {selector:producer} --tail=50", HISTORY),
        afterwards="the newest reading is seconds old",
    ),
    Cause(
        "poison-messages",
        "messages that cannot be parsed go to the dead-letter topic",
        L2,
        "processor-pod-failure",
        steps=(DEAD_LETTERS,),
        afterwards="the dead-letter topic does not grow",
    ),
)
