"""Kafka and the consumer group: running, but not doing their work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from pipeline_services.checklist import checks
from pipeline_services.judgements.kafka import fastest, growth
from pipeline_services.judgements.partitions import beyond_the_end, idle_processors, standing_still
from pipeline_services.judgements.pods import all_ready_since, made_by_nobody
from pipeline_services.model import roles
from pipeline_services.model.commands import DESCRIBE_GROUP, DESCRIBE_SIZES, DESCRIBE_TOPIC, LIST_TOPICS
from pipeline_services.model.k8s import age, created_at, labels_of, made_by, name_of
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.model.text import duration
from pipeline_services.triage.causes import refusals
from pipeline_services.triage.causes.finding import About, make_finding
from pipeline_services.triage.causes.log_lines import logged
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Confidence, Finding
from pipeline_services.triage.steps import DELETE_POD, RESTORE

CAUSES: Final = (
    Cause(
        "topic-missing",
        "the topic does not exist or lacks partitions",
        Escalation.L2,
        "kafka-statefulset-failure",
        steps=(DESCRIBE_TOPIC, RESTORE),
        afterwards="every partition has a leader",
        restored="makes what is missing, empty; deletes nothing",
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
        afterwards="the topic accepts a batch of readings again, and the producer's log no longer mentions it",
    ),
    Cause(
        "client-floods",
        "a client outside the pipeline floods the broker",
        Escalation.L2,
        "kafka-statefulset-failure",
        steps=(
            DESCRIBE_SIZES,
            "kubectl get {client} -n {namespace} -o yaml > {file}",
            "kubectl delete {client} -n {namespace}",
        ),
        undo="kubectl replace -n {namespace} --force -f {file}",
        afterwards="no topic grows by megabytes a second",
    ),
    Cause(
        "broker-unresponsive",
        "the broker does not answer",
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
        "partitions have no consumer, or a processor has no partitions",
        Escalation.L2,
        "processor-pod-failure",
        symptomatic=True,
        steps=(DESCRIBE_GROUP, "kubectl delete pods -n {namespace} -l {selector:processor}"),
        afterwards="every partition has a consumer",
    ),
)

_MOVING: Final = frozenset({"PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling"})
MOVES_FOR_S: Final = 120.0
"""Seconds without a stored reading from which on a rebalance is not one of those that are over by themselves."""
_NO_COORDINATOR: Final = r"Failed to load metadata from __consumer_offsets"


def findings(evidence: Evidence) -> Iterator[Finding]:
    """The broker, then the group."""
    yield from _broker(evidence)
    yield from _flood(evidence)
    yield from _refusal(evidence)
    yield from _coordinator(evidence)
    yield from _group(evidence)


def _broker(evidence: Evidence) -> Iterator[Finding]:
    why, ready = evidence.failure("kafka_topics"), evidence.ready(roles.KAFKA)
    if roles.KAFKA in evidence.pipeline.workloads and not ready:
        return
    if why and ready and evidence.serves(roles.KAFKA):
        broker = name_of(ready[0])
        yield make_finding(
            About(evidence, roles.KAFKA, subject=f"pod/{broker}"),
            "broker-unresponsive",
            f"{broker} is ready but does not answer",
            why,
            confidence=Confidence.MEDIUM,
        )
    elif not why:
        yield from _topics(evidence)


def _topics(evidence: Evidence) -> Iterator[Finding]:
    for one in evidence.failed(checks.KAFKA_TOPIC):
        cause = "partition-leaderless" if "no leader" in one.why or "in sync" in one.why else "topic-missing"
        (topic,) = one.parameters
        yield make_finding(
            About(evidence, roles.KAFKA, subject=f"topic/{topic}", details={"topic": topic}),
            cause,
            one.why,
            one.why,
            steps=_about_topic(evidence, topic, cause),
        )


def _about_topic(evidence: Evidence, topic: str, cause: str) -> tuple[str, ...] | None:
    shown = DESCRIBE_TOPIC if evidence.snapshot.data("kafka_topics").get(topic) else LIST_TOPICS
    if roles.KAFKA not in evidence.pipeline.workloads:
        return (shown,)
    return (shown, RESTORE) if cause == "topic-missing" else None


def _flood(evidence: Evidence) -> Iterator[Finding]:
    """Somebody beside the pipeline, where the broker takes in far more than the pipeline's readings are."""
    others = made_by_nobody(evidence.snapshot) if evidence.failed(checks.BROKER_NOT_FLOODED) else []
    for pod in others[:1]:
        grown = growth(evidence.snapshot)
        own = grown.get(evidence.pipeline.topics.readings, 0.0)
        maker, name = made_by(pod), name_of(pod)
        yield make_finding(
            About(
                evidence,
                roles.KAFKA,
                subject=f"pod/{name}",
                details={"client": maker, "file": f"{maker.replace('/', '-')}.saved.yaml"},
            ),
            "client-floods",
            f"pod {name} is not part of the pipeline, and {fastest(grown)}",
            f"the topic of readings grows by {own / 1e6:.3f} MB/s",
            f"pod {name}: made {age(pod, evidence.now):.0f} s ago, labels {labels_of(pod)}",
            *(f"pod {name_of(other)} is not part of the pipeline either" for other in others[1:3]),
            since=created_at(pod),
            confidence=Confidence.MEDIUM if others[1:] else Confidence.HIGH,
        )


def _refusal(evidence: Evidence) -> Iterator[Finding]:
    """The producer says again and again what the broker answers: the topic's settings do not let its records in."""
    answer, lines = refusals.refusal(evidence)
    if answer and not refusals.is_set_so(evidence):
        yield make_finding(
            About(evidence, roles.KAFKA, subject=f"topic/{evidence.pipeline.topics.readings}"),
            "records-refused",
            f"{name_of(evidence.ready(roles.KAFKA)[0])} refuses what the producer sends: {answer}",
            *logged(lines),
        )


def _coordinator(evidence: Evidence) -> Iterator[Finding]:
    """A broker that fenced itself, short of CPU or disk, and had no leader for the group's offsets when it was back."""
    lines = evidence.said(roles.KAFKA, _NO_COORDINATOR, within=600.0)
    brokers = evidence.ready(roles.KAFKA)
    if lines and brokers and evidence.failed(checks.CONSUMER_GROUP_STABLE):
        yield make_finding(
            About(evidence, roles.KAFKA, subject="topic/__consumer_offsets"),
            "partition-leaderless",
            f"{name_of(brokers[0])} cannot load the consumer group's offsets, so no processor can join",
            *logged(lines[-2:]),
            confidence=Confidence.MEDIUM,
        )


def _group(evidence: Evidence) -> Iterator[Finding]:
    group: dict[str, Any] = evidence.data("kafka_group") or {}
    if not group or not evidence.ready(roles.PROCESSOR):
        return
    members = group.get("members") or []
    name, moving = evidence.pipeline.topics.group, group["state"] in _MOVING
    seen = (f"group {name} is {group['state']} with {len(members)} members", *_read_by(members))
    told = (
        ("rebalancing", "the consumer group is rebalancing: known, 5 to 10 s") if moving else _of_partitions(evidence)
    )
    if age_s := moves_for_ever(evidence):
        what = f"the consumer group {name} does not finish rebalancing"
        told = "partitions-unread", f"{what}: no reading has been stored for {duration(age_s)}"
    if told:
        cause, summary = told
        yield make_finding(About(evidence, roles.PROCESSOR, subject=f"group/{name}"), cause, summary, *seen)
    elif evidence.failed(checks.CONSUMER_GROUP_STABLE) and (idle := idle_processors(evidence.snapshot)):
        (pod, *_) = (one for one in evidence.ready(roles.PROCESSOR) if name_of(one) == idle[0])
        yield make_finding(
            About(evidence, evidence.pipeline[roles.PROCESSOR], pod=pod),
            "partitions-unread",
            f"{', '.join(idle)} is ready and reads nothing: it is no member of {name}",
            *seen,
            steps=(DESCRIBE_GROUP, DELETE_POD),
        )


def is_moving(evidence: Evidence) -> bool:
    """Whether the processors' group divides its partitions anew just now."""
    return (evidence.data("kafka_group") or {}).get("state") in _MOVING


def moves_for_ever(evidence: Evidence) -> float:
    """For how many seconds nothing has been stored while the group moves, its members are ready, and readings pile up;
    0.0 where that is not so, or may be over in a moment."""
    group: dict[str, Any] = evidence.data("kafka_group") or {}
    since = all_ready_since(evidence.pods(roles.PROCESSOR))
    if not is_moving(evidence) or not since or not evidence.failed_metrics("consumer-lag-growth"):
        return 0.0
    if any(member["partitions"] for member in group.get("members") or ()):
        return 0.0
    newest = (evidence.data("influxdb_newest") or {}).get("time")
    age_s = 0.0 if newest is None else evidence.now - max(newest, *since)
    return age_s if age_s > MOVES_FOR_S else 0.0


def _of_partitions(evidence: Evidence) -> tuple[str, str] | None:
    """The cause and its sentence where partitions are read by nobody, stand still, or are committed too far."""
    name = evidence.pipeline.topics.group
    if unread := unread_partitions(evidence):
        cause = "partitions-unread" if evidence.failed(checks.CONSUMER_GROUP_STABLE) else "rebalancing"
        return cause, f"no member of {name} reads the partitions {', '.join(unread)}"
    if not evidence.known("kafka_lag"):
        return None
    if still := standing_still(evidence.snapshot):
        waiting = f"{sum(still.values())} readings wait in them"
        return "partitions-unread", f"the partitions {_numbers(still)} are held and not read: {waiting}"
    if ahead := beyond_the_end(evidence.snapshot):
        more = f"{name} has committed more of the partitions {_numbers(ahead)} than they hold"
        return "partitions-unread", f"{more}: new readings may be passed over"
    return None


def _numbers(partitions: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(partitions)))


def unread_partitions(evidence: Evidence) -> list[str]:
    """The numbers of the topic's partitions that no member of the processors' group holds; none where it moves."""
    group: dict[str, Any] = evidence.data("kafka_group") or {}
    members = group.get("members") or []
    if not group or group["state"] in _MOVING or not (evidence.known("kafka_topics") or members):
        return []
    topics = evidence.pipeline.topics
    held = {partition for member in members for partition in member["partitions"]}
    return [str(number) for number in range(topics.partitions) if f"{topics.readings}/{number}" not in held]


def _read_by(members: list[dict[str, Any]]) -> list[str]:
    return [f"{member['host']} reads {len(member['partitions'])} partitions" for member in members[:3]]
