"""Autoscalers, and the metrics API that they need."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.causes.steps import RESTORE
from pipeline_services.triage.model import Cause

CAUSES: Final = (
    Cause(
        "usage-unknown",
        "the metrics API does not answer, so no autoscaler works",
        Escalation.L2,
        "high-resource-usage",
        steps=(
            "kubectl get deployments,daemonsets,pods -n kube-system",
            "kubectl scale deployment metrics-server -n kube-system --replicas=1",
        ),
        undo="kubectl scale deployment metrics-server -n kube-system --replicas=0",
        afterwards="kubectl get hpa shows percentages",
    ),
    Cause(
        "autoscaler-missing",
        "an autoscaler does not exist",
        Escalation.L2,
        "high-resource-usage",
        steps=(RESTORE,),
        afterwards="kubectl get hpa shows both",
    ),
    Cause(
        "autoscaler-wrong",
        "an autoscaler has wrong bounds or a wrong target",
        Escalation.L2,
        "high-resource-usage",
        steps=("kubectl describe hpa -n {namespace} {hpa}", RESTORE),
        afterwards="{min} to {max} replicas at {cpu} % CPU",
    ),
    Cause(
        "autoscaler-at-limit",
        "an autoscaler is at its maximum and needs more pods",
        Escalation.L2,
        "high-resource-usage",
        symptomatic=True,
        steps=("kubectl describe hpa -n {namespace} {hpa}", "kubectl top pods -n {namespace}"),
        afterwards="fewer than {max} replicas",
    ),
    Cause(
        "request-missing",
        "an autoscaler scales pods that request no CPU",
        Escalation.L2,
        "high-resource-usage",
        steps=("kubectl describe {workload} -n {namespace}", "kubectl rollout undo {workload} -n {namespace}"),
        undo="kubectl rollout undo {workload} -n {namespace}",
        afterwards="kubectl get hpa: no <unknown> within a minute",
    ),
)
