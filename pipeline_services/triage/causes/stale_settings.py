"""Pods that run with settings which their ConfigMap does not have any more: told by what they say that they ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipeline_services.checklist import checks
from pipeline_services.judgements import brokers
from pipeline_services.model import roles
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.triage.causes.finding import About, make_finding
from pipeline_services.triage.causes.log_lines import logged
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Finding
from pipeline_services.triage.steps import READY

CAUSES: Final = (
    Cause(
        "pod-holds-old-setting",
        "a ConfigMap was corrected, and pods still use its old values",
        Escalation.L2,
        "configuration",
        steps=("kubectl delete pods -n {namespace} -l {selector}",),
        afterwards=READY,
    ),
)

_ASKED_FOR: Final = re.compile(r"(bucket|organization)(?: name)? [\\\"]+([^\"\\]+)[\\\"]+ not found")
"""What InfluxDB answers of a bucket or organisation that it does not have; in a log its quotes have strokes before."""


def findings(evidence: Evidence) -> Iterator[Finding]:
    """What the brokers and the processors have that is not in their ConfigMaps any more."""
    yield from _brokers(evidence)
    yield from _processors(evidence)


def _brokers(evidence: Evidence) -> Iterator[Finding]:
    """What they were started with."""
    held = brokers.of_another_file(evidence.snapshot) if evidence.failed(checks.BROKERS_SET_AS_DECLARED) else []
    if held:
        lines = list(map(brokers.started_with, held))
        yield make_finding(
            About(evidence, evidence.pipeline[roles.KAFKA], affects=()),
            "pod-holds-old-setting",
            f"{lines[0]}{f', and {len(held) - 1} more' if len(held) > 1 else ''}",
            *lines,
            steps=("kubectl rollout restart {workload} -n {namespace}",),
        )


def _processors(evidence: Evidence) -> Iterator[Finding]:
    """What they ask for, where it is neither in the ConfigMap nor meant to be."""
    other = other_names(evidence)
    if not other or evidence.failed(checks.SETTINGS_LEAD_TO, roles.INFLUXDB):
        return
    line, kind, name = other
    store = evidence.pipeline.store
    wanted = store.bucket if kind == "bucket" else store.org
    yield make_finding(
        About(evidence, evidence.pipeline[roles.PROCESSOR]),
        "pod-holds-old-setting",
        f"the processor's pods use an old setting, the {kind} {name!r}: the ConfigMap has {wanted!r} now",
        *logged([line]),
    )


def other_names(evidence: Evidence) -> tuple[str, str, str] | None:
    """The last line in which a processor says that a bucket or organisation is not there which nobody described, with
    its kind and its name."""
    store = evidence.pipeline.store
    for line in reversed(evidence.said(roles.PROCESSOR, _ASKED_FOR.pattern)):
        found = _ASKED_FOR.search(line)
        if found:
            kind, name = found.groups()
            return None if name in (store.bucket, store.org) else (line, kind, name)
    return None
