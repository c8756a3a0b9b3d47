"""Pods: starting, missing, evicted, not ready (sections 3.1 to 3.5)."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.causes.steps import BEFORE, DESCRIBE, LOGS, READY
from pipeline_services.triage.model import Cause

CAUSES: Final = (
    Cause(
        "pod-replaced",
        "a pod is being replaced or is starting",
        Escalation.L1,
        "self-healing",
        heals_within=120,
        steps=("kubectl get pods -n {namespace} -l {selector} --watch",),
        afterwards=READY,
    ),
    Cause(
        "settling",
        "a pod has just started and has no metrics yet",
        Escalation.L1,
        "self-healing",
        heals_within=180,
        steps=("kubectl get pods -n {namespace} -l {selector}", "make triage"),
        afterwards="make daily is green",
    ),
    Cause(
        "pod-stuck-ending",
        "a pod stays in Terminating",
        Escalation.L2,
        "pod-status",
        steps=("kubectl describe pod -n {namespace} {pod}", "kubectl delete pod -n {namespace} {pod} --force"),
        afterwards=READY,
    ),
    Cause(
        "label-wrong",
        "a pod lacks the label that its service selects",
        Escalation.L2,
        "pod-status",
        steps=(
            "kubectl get pods -n {namespace} --show-labels",
            "kubectl label pod -n {namespace} {pod} {labels} --overwrite",
        ),
        undo="kubectl label pod -n {namespace} {pod} {unlabel}",
        afterwards=READY,
    ),
    Cause(
        "pods-missing",
        "the controller creates no pods",
        Escalation.L3,
        "pod-status",
        steps=(
            "kubectl describe {workload} -n {namespace}",
            "kubectl get events -n {namespace} --sort-by=.lastTimestamp",
        ),
        afterwards=READY,
    ),
    Cause(
        "pod-evicted",
        "a pod was evicted from its node",
        Escalation.L2,
        "high-resource-usage",
        steps=("kubectl describe pod -n {namespace} {pod}", "kubectl describe nodes"),
        afterwards=READY,
    ),
    Cause(
        "restarted-often",
        "a pod has restarted five times or more",
        Escalation.L2,
        "pod-status",
        symptomatic=True,
        steps=(BEFORE, DESCRIBE),
        afterwards="the count stays where it is",
    ),
    Cause(
        "not-ready",
        "a pod is not ready",
        Escalation.L2,
        "pod-status",
        symptomatic=True,
        steps=(DESCRIBE, LOGS),
        afterwards=READY,
    ),
)
