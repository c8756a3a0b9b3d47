"""The cluster's own parts (sections 3.5 and 3.6)."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.causes.steps import GREEN, RESTORE
from pipeline_services.triage.model import Cause

_SAVED: Final = "{config_map}.saved.yaml"

CAUSES: Final = (
    Cause(
        "cluster-part-down",
        "a part of the cluster itself does not run",
        Escalation.L3,
        "the-cluster-itself",
        steps=("kubectl get deployments,daemonsets,pods -n kube-system", RESTORE),
        afterwards=GREEN,
    ),
    Cause(
        "dns-misconfigured",
        "the DNS server's configuration does not answer the Services' names",
        Escalation.L3,
        "the-cluster-itself",
        steps=(
            f"kubectl get configmap -n kube-system {{config_map}} -o yaml > {_SAVED}",
            "kubectl replace -n kube-system -f {config_map}.corrected.yaml",
        ),
        undo=f"kubectl replace -n kube-system --force -f {_SAVED}",
        afterwards="names resolve in the pods, a minute after the change",
    ),
)
