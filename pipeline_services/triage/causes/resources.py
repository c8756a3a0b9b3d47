"""Containers at the limits of their CPU and memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline_services.checklist import checks
from pipeline_services.model.commands import TOP_PODS
from pipeline_services.model.k8s import containers_of, limits_of
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.triage.causes.finding import About, make_finding
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Confidence, Finding
from pipeline_services.triage.steps import HISTORY, ROLL_BACK, ROLL_FORWARD

CAUSES: Final = (
    Cause(
        "out-of-memory",
        "a container needs more memory than its limit",
        Escalation.L2,
        "high-resource-usage",
        steps=(TOP_PODS, HISTORY, ROLL_BACK),
        undo=ROLL_FORWARD,
        afterwards="no restart for OOMKilled, memory below 90 % of the limit",
    ),
    Cause(
        "cpu-throttled",
        "a container is slowed down by its CPU limit",
        Escalation.L2,
        "high-resource-usage",
        steps=(TOP_PODS, "kubectl describe {workload} -n {namespace}", ROLL_BACK),
        undo=ROLL_FORWARD,
        afterwards="CPU below 80 % of the limit, the lag falls",
    ),
)


def findings(evidence: Evidence) -> Iterator[Finding]:
    """CPU and memory of the data path now, then of every pod over the day."""
    for app in evidence.pipeline.data_path:
        own = [
            *evidence.failed(checks.KEY_METRIC, "cpu-throttling", app),
            *evidence.failed(checks.KEY_METRIC, "cpu-usage", app),
        ]
        if own:
            yield _slowed_down(evidence, app, [one.why for one in own])
        memory = evidence.failed(checks.KEY_METRIC, "memory-usage", app)
        if memory:
            yield _short_of_memory(evidence, app, memory[0].why)
    for one in evidence.failed(checks.USAGE_WITHIN_LIMITS):
        if "memory" in one.why:
            yield _short_of_memory(evidence, one.component, one.why)
        else:
            yield _slowed_down(evidence, one.component, [one.why])


def _slowed_down(evidence: Evidence, app: str, seen: list[str]) -> Finding:
    containers = [container for pod in evidence.pods(app) for container in containers_of(pod)]
    limits = {limits_of(one).get("cpu", "none") for one in containers}
    part = evidence.pipeline[app]
    return make_finding(
        About(evidence, part, subject=f"app/{app}", owner=app),
        "cpu-throttled",
        f"{app} is slowed down by its CPU limit ({', '.join(sorted(limits))})",
        *seen,
        since=evidence.changed(part.kind, part.workload, "spec.template"),
    )


def _short_of_memory(evidence: Evidence, app: str, why: str) -> Finding:
    summary = f"{app} is about to run out of memory: {why}"
    return make_finding(
        About(evidence, app, affects={app}), "out-of-memory", summary, why, confidence=Confidence.MEDIUM
    )
