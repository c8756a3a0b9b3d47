"""InfluxDB runs and does not do its work: no bucket, no answer, no writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pipeline_services.checklist import checks
from pipeline_services.judgements.influxdb import (
    AT_WORK,
    ORGANISATIONS,
    at_work,
    is_kept_shorter,
    organisation_is_unknown,
    usual_shard,
    words_of,
)
from pipeline_services.model import roles
from pipeline_services.model.commands import as_operator
from pipeline_services.model.configuration import MAPPING
from pipeline_services.model.k8s import name_of
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.model.processor_log import NOT_DELIVERED
from pipeline_services.triage.causes.finding import About, make_finding, of_part
from pipeline_services.triage.causes.log_lines import logged, message_of
from pipeline_services.triage.causes.stale_settings import other_names
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Confidence, Finding
from pipeline_services.triage.steps import RESTORE

CAUSES: Final = (
    Cause(
        "store-unresponsive",
        "InfluxDB runs and does not serve",
        Escalation.L3,
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
        Escalation.L2,
        "influxdb-statefulset-failure",
        steps=("kubectl logs -n {namespace} -l {selector:processor} --tail=50", RESTORE),
        afterwards="writes succeed again",
        restored="makes the bucket where it is missing, empty; deletes nothing",
    ),
    Cause(
        "bucket-set-otherwise",
        "the bucket keeps readings for another time than declared, or in shards that are too short or too long",
        Escalation.L2,
        "influxdb-statefulset-failure",
        steps=(
            as_operator("bucket list --org {org} --name {bucket}"),
            as_operator("bucket update --id {id} {setting} {wanted}"),
        ),
        undo=as_operator("bucket update --id {id} {setting} {was}"),
        afterwards="the check of the bucket is green",
    ),
    Cause(
        "organisation-renamed",
        "InfluxDB has the bucket in an organisation of another name",
        Escalation.L2,
        "influxdb-statefulset-failure",
        steps=(as_operator(ORGANISATIONS), as_operator("org update --id {id} --name {org}")),
        afterwards="writes succeed again",
    ),
    Cause(
        "store-worked-on",
        "a task, a replication or a mapping in InfluxDB acts on the readings",
        Escalation.L2,
        "influxdb-statefulset-failure",
        steps=(as_operator("{kind} list --org {org}"), as_operator("task update --id {id} --status inactive")),
        undo=as_operator("task update --id {id} --status active"),
        afterwards="the check of InfluxDB's tasks is green",
    ),
    Cause(
        "writes-fail",
        "InfluxDB rejects what the processor writes",
        Escalation.L2,
        "influxdb-statefulset-failure",
        symptomatic=True,
        steps=("kubectl logs -n {namespace} -l {selector:processor} --tail=50",),
        afterwards="writes succeed again",
    ),
)

_NO_BUCKET: Final = (
    r"(?i)bucket .*not found|not found: bucket|organization .*not found|\(unexpected\).*404"
    r"|could not find (bucket|resource)"
)

_REFUSED: Final = rf"{NOT_DELIVERED} \((busy|server-error|unexpected)\)"
"""What InfluxDB answered and no other rule names: the processor is not ready for it, and not slow."""
_LATE: Final = r"(?i)ReadTimeout|read timed out"
STILL_SAID: Final = 60.0
"""Seconds within which a processor whose writes fail says so again."""


def findings(evidence: Evidence) -> Iterator[Finding]:
    """How it is set, the bucket, then the server, then the writes."""
    ready = evidence.ready(roles.INFLUXDB)
    if roles.INFLUXDB in evidence.pipeline.workloads and not ready:
        return
    otherwise = list(_set_otherwise(evidence)) if ready else []
    yield from otherwise
    if any(one.cause.id == "organisation-renamed" for one in otherwise):
        return
    lines = evidence.said(roles.PROCESSOR, _NO_BUCKET)
    missing = evidence.failure("influxdb_newest")
    if other_names(evidence) and evidence.known("influxdb_newest"):
        return  # what it has is asked for by nobody: see stale_settings.py
    if lines or ("bucket" in missing.lower() and not evidence.failed(checks.TOKEN_ACCEPTED)):
        yield make_finding(
            About(evidence, roles.INFLUXDB, subject=f"bucket/{evidence.pipeline.store.bucket}"),
            "bucket-missing",
            f"InfluxDB has no bucket {evidence.pipeline.store.bucket}, as far as the tokens can see",
            *logged(lines[-2:]),
            missing,
        )
        return
    unhealthy = evidence.failed(checks.INFLUXDB_HEALTHY)
    why = evidence.failure("influxdb_health")
    if unhealthy or (why and ready and evidence.serves(roles.INFLUXDB)):
        pods = [f"pod/{name_of(pod)}" for pod in ready[:1]]
        yield make_finding(
            About(evidence, roles.INFLUXDB, subject="".join(pods)),
            "store-unresponsive",
            unhealthy[0].why if unhealthy else f"{name_of(ready[0])} is ready but does not answer",
            why,
            confidence=Confidence.MEDIUM,
        )
    if unhealthy or why:
        return  # it refuses nothing: it does not answer
    failing = evidence.failed_metrics("influxdb-writes-match-processor")
    if evidence.delivers_since is None:  # else what failed until then still counts, and is over
        failing = [*evidence.failed_metrics("write-failures"), *failing]
    said = evidence.said(roles.PROCESSOR, NOT_DELIVERED)
    refused = evidence.said(roles.PROCESSOR, _REFUSED, within=STILL_SAID)
    if unanswered_writes(evidence):
        yield make_finding(
            About(evidence, roles.INFLUXDB, details=of_part(evidence.pipeline[roles.PROCESSOR])),
            "writes-fail",
            "InfluxDB takes the processor's writes and does not answer in time",
            *logged(said[-2:]),
            *(one.why for one in failing),
            confidence=Confidence.MEDIUM,
        )
    elif refused or (failing and evidence.ready(roles.PROCESSOR)):
        yield make_finding(
            About(evidence, roles.INFLUXDB, details=of_part(evidence.pipeline[roles.PROCESSOR])),
            "writes-fail",
            f"InfluxDB rejects the processor's writes: {_answer(refused or said) or failing[0].why}",
            *(one.why for one in failing),
            *logged((refused or said)[-2:]),
            confidence=Confidence.MEDIUM,
        )


def unanswered_writes(evidence: Evidence) -> bool:
    """Whether the processor has connections, and says of each write that its answer did not come in time."""
    lines = evidence.said(roles.PROCESSOR, NOT_DELIVERED, within=STILL_SAID)
    return len(lines) > 1 and all(re.search(_LATE, line) for line in lines)


def _answer(said: Sequence[str]) -> str:
    """What InfluxDB answered the last time, as the processor has logged it; empty where it says nothing of it."""
    return message_of(said[-1]).partition(f"{NOT_DELIVERED} ")[2] if said else ""


def _set_otherwise(evidence: Evidence) -> Iterator[Finding]:
    store, snapshot = evidence.pipeline.store, evidence.snapshot
    for one in evidence.failed(checks.BUCKET_SET_AS_DECLARED):
        bucket = snapshot.data("influxdb_bucket")
        if organisation_is_unknown(snapshot):
            details = {"id": bucket["org"]}
            suffers = {*evidence.pipeline.affected_by(roles.INFLUXDB), "config"}  # no token of it is known by that name
            about = About(evidence, roles.INFLUXDB, subject=f"org/{store.org}", affects=suffers, details=details)
            yield make_finding(
                about, "organisation-renamed", one.why, *logged(evidence.said(roles.PROCESSOR, _NO_BUCKET)[-2:])
            )
            return
        setting, wanted, was = _put_right(bucket, store.retention_s)
        told = make_finding(
            About(
                evidence,
                roles.INFLUXDB,
                subject=f"bucket/{store.bucket}",
                affects=(),
                details={"id": bucket["id"], "setting": setting, "wanted": wanted, "was": was},
            ),
            "bucket-set-otherwise",
            one.why,
            one.why,
        )
        # set back to a shorter time, InfluxDB would delete readings at once
        yield replace(told, undo="") if is_kept_shorter(bucket["retention_s"], store.retention_s) else told
    for found in at_work(snapshot) if evidence.failed(checks.STORE_LEFT_ALONE) and evidence.known(AT_WORK) else ():
        told = make_finding(
            About(
                evidence,
                roles.INFLUXDB,
                subject=f"{found['kind'].split()[-1]}/{found['name']}",
                affects=None if found["kind"] == MAPPING else (),
                details={"id": found["id"], "kind": found["kind"]},
            ),
            "store-worked-on",
            f"{words_of(found)}: that is no part of the pipeline",
        )
        yield told if found["kind"] == "task" else replace(told, next=told.next[:1], undo="")


def _put_right(bucket: Mapping[str, Any], kept: int) -> tuple[str, str, str]:
    """Which setting of the bucket is another one, what it should be, and what it is."""
    if bucket["retention_s"] != kept:
        return "--retention", f"{kept}s", f"{bucket['retention_s']}s"
    return "--shard-group-duration", f"{usual_shard(kept)}s", f"{bucket['shard_s']}s"
