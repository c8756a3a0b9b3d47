"""NetworkPolicies, services and DNS (section 3.6)."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.causes.steps import RESTORE
from pipeline_services.triage.model import Cause

CAUSES: Final = (
    Cause(
        "policy-blocks",
        "a NetworkPolicy blocks a needed connection",
        Escalation.L3,
        "network-policy-issues",
        steps=("kubectl get networkpolicies -n {namespace}", RESTORE),
        afterwards="the connection answers, the dependent checks are green",
    ),
    Cause(
        "policy-too-loose",
        "the NetworkPolicies allow more than the pipeline needs",
        Escalation.L3,
        "network-policy-issues",
        steps=("kubectl get networkpolicies -n {namespace}", RESTORE),
        afterwards="what no policy of the checkout allows is denied",
    ),
    Cause(
        "connection-fails",
        "pods cannot reach a healthy service",
        Escalation.L3,
        "network-policy-issues",
        symptomatic=True,
        steps=("kubectl get networkpolicies -n {namespace}", "kubectl get endpointslices -n {namespace}"),
        afterwards="no time-outs in the log",
    ),
    Cause(
        "dns-down",
        "the cluster's DNS does not answer",
        Escalation.L3,
        "network-policy-issues",
        steps=(
            "kubectl get deployments,daemonsets,pods -n kube-system",
            "kubectl scale deployment coredns -n kube-system --replicas=1",
        ),
        undo="kubectl scale deployment coredns -n kube-system --replicas=0",
        afterwards="names resolve in the pods",
    ),
    Cause(
        "names-unresolvable",
        "pods cannot resolve names",
        Escalation.L3,
        "network-policy-issues",
        steps=("kubectl get deployments,daemonsets,pods -n kube-system", "kubectl get networkpolicies -n {namespace}"),
        afterwards="names resolve in the pods",
    ),
)
