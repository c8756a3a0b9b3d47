"""InfluxDB and its bucket."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.causes.steps import RESTORE
from pipeline_services.triage.model import Cause

CAUSES: Final = (
    Cause(
        "store-unresponsive",
        "InfluxDB runs and does not serve",
        Escalation.L3,
        "influxdb-statefulset-failure",
        symptomatic=True,
        steps=(
            "kubectl logs -n {namespace} {pod:influxdb} --tail=200",
            "kubectl delete pod -n {namespace} {pod:influxdb}",
        ),
        afterwards='/health answers "pass"',
    ),
    Cause(
        "bucket-missing",
        "InfluxDB has no such bucket or organisation",
        Escalation.L2,
        "influxdb-statefulset-failure",
        steps=("kubectl logs -n {namespace} -l {selector:processor} --tail=50", RESTORE),
        afterwards="writes go on",
    ),
    Cause(
        "writes-fail",
        "InfluxDB rejects what the processor writes",
        Escalation.L2,
        "influxdb-statefulset-failure",
        symptomatic=True,
        steps=("kubectl logs -n {namespace} -l {selector:processor} --tail=50",),
        afterwards="writes go on",
    ),
)
