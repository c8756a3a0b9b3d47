"""Causes of one kind: what is live is not what was declared, and nothing may show it until it is too late."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.causes.steps import RESTORE
from pipeline_services.triage.model import Cause

_SET_BROKER: Final = (
    "kubectl exec -n {namespace} {pod:kafka} -- kafka-configs.sh --bootstrap-server localhost:{port:kafka}"
)
_SAVED: Final = "{hpa}.saved.yaml"

CAUSES: Final = (
    Cause(
        "not-as-declared",
        "an object is not as the manifests declare it",
        Escalation.L2,
        "configuration",
        steps=("kubectl get {kind} -n {namespace} {name} -o yaml", RESTORE),
        afterwards="the check of the declared state is green",
    ),
    Cause(
        "autoscaler-extra",
        "there is an autoscaler that nobody declared",
        Escalation.L2,
        "high-resource-usage",
        steps=(
            f"kubectl get hpa -n {{namespace}} {{hpa}} -o yaml > {_SAVED}",
            "kubectl delete hpa -n {namespace} {hpa}",
        ),
        undo=f"kubectl replace -n {{namespace}} --force -f {_SAVED}",
        afterwards="kubectl get hpa: no <unknown> within a minute",
    ),
    Cause(
        "topic-set-otherwise",
        "a topic's settings are not the declared ones",
        Escalation.L2,
        "kafka-statefulset-failure",
        steps=(
            f"{_SET_BROKER} --describe --all --entity-type topics --entity-name {{name}}",
            f"{_SET_BROKER} --alter --entity-type topics --entity-name {{name}} {{change}}",
        ),
        undo=f"{_SET_BROKER} --alter --entity-type topics --entity-name {{name}} {{back}}",
        afterwards="the checks of the topic's settings are green",
    ),
    Cause(
        "clients-limited",
        "a quota of the broker holds clients up",
        Escalation.L2,
        "kafka-statefulset-failure",
        steps=(f"{_SET_BROKER} --describe {{whom}}", f"{_SET_BROKER} --alter {{whom}} --delete-config {{limits}}"),
        undo=f"{_SET_BROKER} --alter {{whom}} --add-config {{values}}",
        afterwards="no quota is left, the backlog falls",
    ),
)
