"""Causes that lie in nodes, quotas and volumes (sections 3.5 and 5)."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.causes.steps import DESCRIBE, HISTORY, READY, ROLL_BACK
from pipeline_services.triage.model import Cause

L2 = Escalation.L2
L3 = Escalation.L3

PLACE: Final = (
    Cause(
        "quota-exceeded",
        "the namespace's quota or limit range does not admit the pod",
        L2,
        "high-resource-usage",
        steps=("kubectl describe resourcequota,limitrange -n {namespace}",),
        afterwards=READY,
    ),
    Cause(
        "request-too-large",
        "a pod requests more than any node has",
        L2,
        "high-resource-usage",
        steps=(DESCRIBE, HISTORY, ROLL_BACK),
        undo=ROLL_BACK,
        afterwards=READY,
    ),
    Cause(
        "placement-impossible",
        "no node fits the pod: selector, affinity or taint",
        L2,
        "pod-status",
        steps=(DESCRIBE, HISTORY, ROLL_BACK),
        undo=ROLL_BACK,
        afterwards=READY,
    ),
    Cause(
        "node-full",
        "no node has room for a pod",
        L3,
        "high-resource-usage",
        steps=("kubectl describe nodes", "kubectl top nodes"),
        afterwards=READY,
    ),
    Cause(
        "node-cordoned",
        "a node is cordoned",
        L3,
        "high-resource-usage",
        steps=("kubectl uncordon {node}",),
        undo="kubectl cordon {node}",
        afterwards="kubectl get nodes: Ready",
    ),
    Cause(
        "node-tainted",
        "a taint keeps pods off a node",
        L3,
        "high-resource-usage",
        steps=("kubectl describe node {node}", "kubectl taint node {node} {taint}-"),
        undo="kubectl taint node {node} {taint}:NoSchedule",
        afterwards="kubectl describe node: Taints <none>",
    ),
    Cause(
        "node-not-ready",
        "a node is not Ready",
        L3,
        "health-checks",
        steps=("kubectl describe node {node}",),
        afterwards="kubectl get nodes: Ready",
    ),
    Cause(
        "node-pressure",
        "a node is short of memory, disk or process ids",
        L3,
        "high-resource-usage",
        steps=("kubectl describe node {node}", "kubectl top nodes"),
        afterwards="no pressure condition is True",
    ),
    Cause(
        "volume-unbound",
        "a volume claim is not Bound",
        L3,
        "storage",
        steps=("kubectl describe pvc -n {namespace}", "kubectl get storageclass"),
        afterwards="the claim is Bound",
    ),
    Cause(
        "volume-missing",
        "a volume or its claim is missing",
        L3,
        "storage",
        steps=("kubectl get pvc -n {namespace}", "kubectl get events -n {namespace} --sort-by=.lastTimestamp"),
        afterwards="the claim is Bound and the pod is ready",
    ),
    Cause(
        "volume-full",
        "a volume is full",
        L3,
        "storage",
        steps=("kubectl exec -n {namespace} {pod} -- df -h /var/lib/{app}",),
        afterwards="usage below 80 %",
    ),
)
