"""Causes that lie in settings, secrets and certificates, and in the network (sections 3.1 to 3.6)."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.causes.steps import GREEN, READY, RESTORE
from pipeline_services.triage.model import Cause

L2 = Escalation.L2
L3 = Escalation.L3

_SAVED: Final = "{secret:tls}.saved.yaml"
_RENEW: Final = (
    f"kubectl get secret -n {{namespace}} {{secret:tls}} -o yaml > {_SAVED}",
    "kubectl delete secret -n {namespace} {secret:tls}",
    RESTORE,
)
_PUT_BACK: Final = f"kubectl replace -n {{namespace}} --force -f {_SAVED}"

CONFIG: Final = (
    Cause(
        "setting-wrong",
        "a setting in the ConfigMap is wrong",
        L2,
        "configuration",
        steps=("kubectl get configmap -n {namespace} {config_map} -o yaml", RESTORE),
        afterwards="the check of the setting is green, restarted pods are ready",
    ),
    Cause(
        "reference-missing",
        "a ConfigMap, a Secret or a key in one is missing",
        L2,
        "configuration",
        steps=("kubectl get configmaps,secrets -n {namespace}", RESTORE),
        afterwards=READY,
    ),
    Cause(
        "token-refused",
        "InfluxDB refuses the token",
        L2,
        "configuration",
        steps=("kubectl describe secret -n {namespace} {secret}", RESTORE),
        afterwards="the checks of the tokens are green",
    ),
    Cause(
        "load-setting-wrong",
        "the producer's load setting is zero or invalid",
        L2,
        "configuration",
        steps=("kubectl get configmap -n {namespace} {config_map} -o yaml", RESTORE),
        afterwards="the producer's rate is above 0.5 readings/s",
    ),
    Cause(
        "certificate-expiring",
        "the certificate is about to expire",
        L2,
        "tls-certificate",
        steps=_RENEW,
        undo=_PUT_BACK,
        afterwards=GREEN,
    ),
    Cause(
        "certificate-expired",
        "the certificate has expired",
        L2,
        "tls-certificate",
        steps=_RENEW,
        undo=_PUT_BACK,
        afterwards=GREEN,
    ),
    Cause(
        "certificate-wrong",
        "the certificate is not trusted, or not for this name",
        L2,
        "tls-certificate",
        steps=_RENEW,
        undo=_PUT_BACK,
        afterwards=GREEN,
    ),
    Cause(
        "certificate-not-loaded",
        "the service still serves an older certificate",
        L2,
        "tls-certificate",
        steps=("kubectl delete pod -n {namespace} {pod:influxdb}",),
        afterwards=GREEN,
    ),
)

NETWORK: Final = (
    Cause(
        "policy-blocks",
        "a NetworkPolicy blocks a needed connection",
        L3,
        "network-policy-issues",
        steps=("kubectl get networkpolicies -n {namespace}", RESTORE),
        afterwards="the connection answers, the dependent checks are green",
    ),
    Cause(
        "policy-too-loose",
        "the NetworkPolicies allow more than the pipeline needs",
        L3,
        "network-policy-issues",
        steps=("kubectl get networkpolicies -n {namespace}", RESTORE),
        afterwards="what no policy of the checkout allows is denied",
    ),
    Cause(
        "service-missing",
        "a service does not exist",
        L3,
        "network-policy-issues",
        steps=("kubectl get services -n {namespace}", RESTORE),
        afterwards="the service has an endpoint",
    ),
    Cause(
        "service-selects-nothing",
        "a service's selector matches no pod",
        L3,
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
        L3,
        "network-policy-issues",
        steps=("kubectl describe service -n {namespace} {service}", RESTORE),
        afterwards="a connection is answered",
    ),
    Cause(
        "connection-fails",
        "pods cannot reach a healthy service",
        L3,
        "network-policy-issues",
        symptomatic=True,
        steps=("kubectl get networkpolicies -n {namespace}", "kubectl get endpointslices -n {namespace}"),
        afterwards="no time-outs in the log",
    ),
    Cause(
        "dns-down",
        "the cluster's DNS does not answer",
        L3,
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
        L3,
        "network-policy-issues",
        steps=("kubectl get pods -n kube-system -l k8s-app=kube-dns", "kubectl get networkpolicies -n {namespace}"),
        afterwards="names resolve in the pods",
    ),
)
