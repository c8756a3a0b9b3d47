"""Nodes and volumes (sections 3.5 and 5)."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.causes.steps import READY
from pipeline_services.triage.model import Cause

CAUSES: Final = (
    Cause(
        "node-full",
        "no node has room for a pod",
        Escalation.L3,
        "high-resource-usage",
        steps=("kubectl describe nodes", "kubectl top nodes"),
        afterwards=READY,
    ),
    Cause(
        "node-cordoned",
        "a node is cordoned",
        Escalation.L3,
        "high-resource-usage",
        steps=("kubectl uncordon {node}",),
        undo="kubectl cordon {node}",
        afterwards="kubectl get nodes: Ready",
    ),
    Cause(
        "node-tainted",
        "a taint keeps pods off a node",
        Escalation.L3,
        "high-resource-usage",
        steps=("kubectl describe node {node}", "kubectl taint node {node} {taint}-"),
        undo="kubectl taint node {node} {taint}:NoSchedule",
        afterwards="kubectl describe node: Taints <none>",
    ),
    Cause(
        "node-not-ready",
        "a node is not Ready",
        Escalation.L3,
        "health-checks",
        steps=("kubectl describe node {node}",),
        afterwards="kubectl get nodes: Ready",
    ),
    Cause(
        "node-silent",
        "a kubelet does not report",
        Escalation.L3,
        "the-cluster-itself",
        steps=("kubectl describe node {node}", "kubectl get leases -n kube-node-lease"),
        afterwards="kubectl get nodes: Ready; then look at the pods again",
    ),
    Cause(
        "node-pressure",
        "a node is short of memory, disk or process ids",
        Escalation.L3,
        "high-resource-usage",
        steps=("kubectl describe node {node}", "kubectl top nodes"),
        afterwards="no pressure condition is True",
    ),
    Cause(
        "volume-unbound",
        "a volume claim is not Bound",
        Escalation.L3,
        "storage",
        steps=("kubectl describe pvc -n {namespace}", "kubectl get storageclass"),
        afterwards="the claim is Bound",
    ),
    Cause(
        "volume-missing",
        "a volume or its claim is missing",
        Escalation.L3,
        "storage",
        steps=("kubectl get pvc -n {namespace}", "kubectl get events -n {namespace} --sort-by=.lastTimestamp"),
        afterwards="the claim is Bound and the pod is ready",
    ),
    Cause(
        "volume-full",
        "a volume is full",
        Escalation.L3,
        "storage",
        steps=("kubectl exec -n {namespace} {pod} -- df -h {mount}",),
        afterwards="usage below 80 %",
    ),
)
