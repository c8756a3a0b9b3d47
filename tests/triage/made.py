"""Findings and snapshots made by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipeline_services.model import own_cluster
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.text import rfc3339
from pipeline_services.snapshot.snapshot import Failure, Snapshot
from pipeline_services.triage.causes.finding import About, make_finding, of_part
from pipeline_services.triage.diagnosis import diagnose
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Confidence, Diagnosis, Finding, Unanswered
from pipeline_services.triage.subjects import CAUSES
from tests.judgements.world import World
from tests.reporting.runbook.rules import flaws

AT = 1_795_419_700.0  # 2026-11-23 07:41:40 UTC
PIPELINE = Pipeline.load()
NOTHING = Evidence(Snapshot(AT, own_cluster.CONTEXT, PIPELINE.namespace), causes=CAUSES)
SCALED = make_finding(
    About(
        NOTHING,
        "producer",
        subject="deployment/producer",
        affects=("processor", "influxdb"),
        details=of_part(PIPELINE["producer"]),
    ),
    "scaled-to-zero",
    "producer is scaled to 0",
    "deployment/producer has spec.replicas 0",
    "no pod with app=producer",
    "rate is 0",
    since=AT - 240,
    against=("nothing was deployed since",),
)
REPLACED = make_finding(
    About(NOTHING, "kafka", subject="pod/kafka-0", affects=(), details=of_part(PIPELINE["kafka"])),
    "pod-replaced",
    "kafka-0 is being replaced",
    "kafka-0 is 20 s old and not ready",
    since=AT - 20,
)
FULL = make_finding(
    About(
        NOTHING,
        "storage",
        subject="persistentvolumeclaim/data-influxdb-0",
        affects=("influxdb", "processor"),
        details={"pod": "influxdb-0", "mount": "/var/lib/influxdb"},
    ),
    "volume-full",
    "the volume of influxdb is full",
    "usage is 100 %",
)
REBALANCE = make_finding(About(NOTHING, "processor", affects=()), "rebalancing", "the group rebalances")
UNKNOWN = make_finding(About(NOTHING, "loki", affects=()), "unknown", "loki: nobody knows", confidence=Confidence.LOW)
AWAY = Unanswered("test_key_metric[consumer-lag]", "processor", "Prometheus does not answer")


def diagnosis(*findings: Finding, unanswered: tuple[Unanswered, ...] = (), at: float = AT) -> Diagnosis:
    """What a look came to, on the suite's own cluster."""
    red = {"test_pods_ready[producer]": "there is no pod of producer"} if findings else {}
    return Diagnosis(at, own_cluster.CONTEXT, PIPELINE.namespace, findings, red, unanswered)


def causes(world: World) -> list[str]:
    """What triage finds in the world: the component and the cause of each finding."""
    return [f"{one.component}: {one.cause.id}" for one in diagnose(world.snapshot()).findings]


def only_finding(world: World) -> Finding:
    """The one finding in the world; what it says to type can be typed."""
    (found,) = diagnose(world.snapshot()).findings
    assert [flaw for command in (*found.next, found.undo) if command for flaw in flaws(command)] == []
    return found


def elsewhere(found: Diagnosis) -> Diagnosis:
    """The same on a cluster that is not the suite's own."""
    return replace(found, context="plant-7")


def event(about: str, reason: str, message: str, *, first: float, last: float | None = None, count: int = 1) -> Any:
    """An event about ``kind/name``."""
    kind, _, name = about.partition("/")
    return {
        "type": "Warning",
        "reason": reason,
        "message": message,
        "count": count,
        "firstTimestamp": rfc3339(first),
        "lastTimestamp": rfc3339(first if last is None else last),
        "involvedObject": {"kind": kind, "name": name},
        "metadata": {"name": f"{name}.1", "creationTimestamp": rfc3339(first)},
    }


def pod(name: str, app: str, **status: Any) -> dict[str, Any]:
    """A pod that was made five minutes ago."""
    metadata = {"name": name, "labels": {"app": app}, "creationTimestamp": rfc3339(AT - 300)}
    return {"metadata": metadata, "spec": {"containers": [{"name": app}]}, "status": status}


def lag(at: float, *partitions: tuple[int | None, int]) -> dict[str, Any]:
    """One sample of the consumer lag: committed and end offset of each partition."""
    numbered = {str(number): {"committed": done, "end": end} for number, (done, end) in enumerate(partitions)}
    return {"at": at, "partitions": numbered}


def snapshot(changes: Mapping[str, Any] | None = None) -> Snapshot:
    """One with a producer that was scaled to 0, with changes; an exception as a value makes that source fail."""
    answers: dict[str, Any] = {
        "pods": [pod("kafka-0", "kafka"), pod("influxdb-0", "influxdb")],
        "deployments": [{"metadata": {"name": "producer", "labels": {"app": "producer"}}, "spec": {"replicas": 0}}],
        "events": [event("Deployment/producer", "ScalingReplicaSet", "Scaled down from 1 to 0", first=AT - 239)],
        "logs/producer": [{"pod": "producer-abc", "container": "producer", "lines": ["2026-11-23T07:41:00Z bye"]}],
        "kafka_lag": [lag(AT, (10, 10), (None, 0)), lag(AT + 2, (10, 10), (None, 0))],
        "influxdb_newest": {"time": AT - 240, "points_1m": 0},
        "changes": [
            {
                "kind": "Deployment",
                "name": "producer",
                "manager": "kubectl-scale",
                "operation": "Update",
                "time": rfc3339(AT - 240),
                "fields": ["spec.replicas"],
            }
        ],
        "onset": {"producer rate": [[AT - 600 + 30 * step, 20.0 if step < 12 else 0.0] for step in range(20)]},
    }
    answers |= changes or {}
    failures = {name: Failure.of(value) for name, value in answers.items() if isinstance(value, PipelineError)}
    good = {name: value for name, value in answers.items() if name not in failures}
    return Snapshot(AT, own_cluster.CONTEXT, PIPELINE.namespace, good, failures)


def unsaved(finding: Finding) -> set[str]:
    """The files that its undo needs and that none of its steps writes."""
    saved = {file for step in finding.next for file in re.findall(r"> (\S+)$", step)}
    return set(re.findall(r" -f (\S+\.yaml)", finding.undo)) - saved
