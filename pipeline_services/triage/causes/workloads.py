"""Deployments, StatefulSets and their rollouts (sections 3.1 to 3.5)."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.causes.steps import READY, RESTORE
from pipeline_services.triage.model import Cause

CAUSES: Final = (
    Cause(
        "quota-exceeded",
        "the namespace's quota or limit range does not admit the pod",
        Escalation.L2,
        "high-resource-usage",
        steps=("kubectl describe resourcequota,limitrange -n {namespace}",),
        afterwards=READY,
    ),
    Cause(
        "scaled-to-zero",
        "the workload is scaled to 0",
        Escalation.L2,
        "pod-status",
        steps=("kubectl scale {workload} -n {namespace} --replicas=1",),
        undo="kubectl scale {workload} -n {namespace} --replicas=0",
        afterwards=READY,
    ),
    Cause(
        "workload-missing",
        "the workload does not exist",
        Escalation.L2,
        "pod-status",
        steps=(RESTORE,),
        afterwards=READY,
    ),
    Cause(
        "rollout-paused",
        "a rollout is paused",
        Escalation.L2,
        "pod-status",
        steps=("kubectl rollout resume {workload} -n {namespace}",),
        undo="kubectl rollout pause {workload} -n {namespace}",
        afterwards="kubectl rollout status: complete",
    ),
    Cause(
        "rollout-under-way",
        "a rollout is in progress",
        Escalation.L1,
        "self-healing",
        heals_within=300,
        steps=("kubectl rollout status {workload} -n {namespace}",),
        afterwards="kubectl rollout status: complete",
    ),
    Cause(
        "pods-forbidden",
        "an admission policy or a service account forbids new pods",
        Escalation.L2,
        "pod-status",
        steps=(
            "kubectl describe {workload} -n {namespace}",
            "kubectl get events -n {namespace} --sort-by=.lastTimestamp",
        ),
        afterwards=READY,
    ),
    Cause(
        "pod-security-refuses",
        "the namespace's pod security label refuses pods",
        Escalation.L2,
        "configuration",
        steps=(
            "kubectl get namespace {namespace} -o yaml",
            "kubectl label namespace {namespace} pod-security.kubernetes.io/enforce=privileged --overwrite",
        ),
        undo="kubectl label namespace {namespace} pod-security.kubernetes.io/enforce=restricted --overwrite",
        afterwards="the pods that were refused are made, ready within two minutes",
    ),
)
