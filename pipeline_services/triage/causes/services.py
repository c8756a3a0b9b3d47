"""Services: missing, or leading elsewhere."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.causes.steps import RESTORE
from pipeline_services.triage.model import Cause

CAUSES: Final = (
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
        "service-selects-too-much",
        "a service leads to a pod that is not of its workload",
        Escalation.L3,
        "network-policy-issues",
        steps=(
            "kubectl get endpointslices -n {namespace} -l kubernetes.io/service-name={service}",
            "kubectl label pod -n {namespace} {pod} {unlabel}",
        ),
        undo="kubectl label pod -n {namespace} {pod} {labels} --overwrite",
        afterwards="the service has the endpoints of its workload only",
    ),
)
