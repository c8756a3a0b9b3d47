"""Settings, references to ConfigMaps and Secrets, and tokens (section 3)."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.causes.steps import READY, RESTORE
from pipeline_services.triage.model import Cause

CAUSES: Final = (
    Cause(
        "setting-wrong",
        "a setting in the ConfigMap is wrong",
        Escalation.L2,
        "configuration",
        steps=("kubectl get configmap -n {namespace} {config_map} -o yaml", RESTORE),
        afterwards="the check of the setting is green, restarted pods are ready",
    ),
    Cause(
        "reference-missing",
        "a ConfigMap, a Secret or a key in one is missing",
        Escalation.L2,
        "configuration",
        steps=("kubectl get configmaps,secrets -n {namespace}", RESTORE),
        afterwards=READY,
    ),
    Cause(
        "token-refused",
        "InfluxDB refuses the token",
        Escalation.L2,
        "configuration",
        steps=("kubectl describe secret -n {namespace} {secret}", RESTORE),
        afterwards="the checks of the tokens are green",
    ),
    Cause(
        "token-may-not-write",
        "the token for writing may only read",
        Escalation.L2,
        "configuration",
        steps=("kubectl describe secret -n {namespace} {secret}", RESTORE),
        afterwards="the checks of the tokens are green, readings are stored",
    ),
    Cause(
        "pod-holds-old-secret",
        "a Secret was replaced and pods still hold what it said before",
        Escalation.L2,
        "configuration",
        steps=("kubectl delete pods -n {namespace} -l {selector}",),
        afterwards=READY,
    ),
    Cause(
        "load-setting-wrong",
        "the producer's load setting is zero or invalid",
        Escalation.L2,
        "configuration",
        steps=("kubectl get configmap -n {namespace} {config_map} -o yaml", RESTORE),
        afterwards="the producer's rate is above 0.5 readings/s",
    ),
)
