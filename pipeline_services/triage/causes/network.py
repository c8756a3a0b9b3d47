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
        "service-missing",
        "a service does not exist",
        Escalation.L3,
        "network-policy-issues",
        steps=("kubectl get services -n {namespace}", RESTORE),
        afterwards="the service has an endpoint",
    ),
    Cause(
        "service-selects-nothing",
        "a service's selector matches no pod",
        Escalation.L3,
        "network-policy-issues",
        steps=(
            "kubectl get service -n {namespace} {service} -o wide",
            "kubectl get endpointslices -n {namespace}",
            RESTORE,
        ),
        afterwards="the service has an endpoint",
    ),
    Cause(
        "service-port-wrong",
        "a service forwards to a port on which nothing listens",
        Escalation.L3,
        "network-policy-issues",
        steps=("kubectl describe service -n {namespace} {service}", RESTORE),
        afterwards="a connection is answered",
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
            "kubectl get pods -n kube-system -l k8s-app=kube-dns",
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
        steps=("kubectl get pods -n kube-system -l k8s-app=kube-dns", "kubectl get networkpolicies -n {namespace}"),
        afterwards="names resolve in the pods",
    ),
)
