"""Causes that blind whoever watches, those of autoscaling, and the honest rest."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.causes.steps import GREEN, RESTORE
from pipeline_services.triage.model import Cause

L1 = Escalation.L1
L2 = Escalation.L2

SIGHT: Final = (
    Cause(
        "scrape-failing",
        "Prometheus cannot scrape some targets",
        L2,
        "observability",
        steps=(
            "kubectl logs -n {namespace} -l {selector:prometheus} --tail=50",
            "kubectl get networkpolicies -n {namespace}",
            RESTORE,
        ),
        afterwards="every target is up",
    ),
    Cause(
        "datasource-broken",
        "Grafana gets no answer from a data source",
        L2,
        "grafana-dashboards",
        steps=("kubectl logs -n {namespace} -l {selector:grafana} --tail=50", RESTORE),
        afterwards="the data source answers",
    ),
    Cause(
        "dashboard-damaged",
        "the dashboard lacks panels or does not exist",
        L2,
        "grafana-dashboards",
        steps=(RESTORE,),
        afterwards="the dashboard shows all its panels",
    ),
    Cause(
        "panels-empty",
        "panels of the dashboard show no fresh data",
        L2,
        "grafana-dashboards",
        symptomatic=True,
        steps=("kubectl logs -n {namespace} -l {selector:grafana} --tail=50", RESTORE),
        afterwards="every panel shows the last minutes",
    ),
    Cause(
        "logs-not-shipped",
        "logs do not arrive in Loki",
        L2,
        "loki-log-search",
        steps=(
            "kubectl logs -n {namespace} -l {selector:log-shipper} --tail=50",
            "kubectl get pods -n {namespace} -l {selector:log-shipper}",
        ),
        afterwards="Loki has lines of every pod from the last minute",
    ),
    Cause(
        "usage-unknown",
        "the metrics API does not answer, so no autoscaler works",
        L2,
        "high-resource-usage",
        steps=(
            "kubectl get pods -n kube-system -l k8s-app=metrics-server",
            "kubectl scale deployment metrics-server -n kube-system --replicas=1",
        ),
        undo="kubectl scale deployment metrics-server -n kube-system --replicas=0",
        afterwards="kubectl get hpa shows percentages",
    ),
    Cause(
        "autoscaler-missing",
        "an autoscaler does not exist",
        L2,
        "high-resource-usage",
        steps=(RESTORE,),
        afterwards="kubectl get hpa shows both",
    ),
    Cause(
        "autoscaler-wrong",
        "an autoscaler has wrong bounds or a wrong target",
        L2,
        "high-resource-usage",
        steps=("kubectl describe hpa -n {namespace} {hpa}", RESTORE),
        afterwards="{min} to {max} replicas at {cpu} % CPU",
    ),
    Cause(
        "autoscaler-at-limit",
        "an autoscaler is at its maximum and needs more pods",
        L2,
        "high-resource-usage",
        symptomatic=True,
        steps=("kubectl describe hpa -n {namespace} {hpa}", "kubectl top pods -n {namespace}"),
        afterwards="fewer than {max} replicas",
    ),
    Cause(
        "known-fault",
        "the suite injected this fault",
        L1,
        "self-healing",
        steps=("python -m pipeline_services.faults list",),
        afterwards="no fault is in force",
    ),
    Cause(
        "unknown",
        "the cause is not known",
        L2,
        "troubleshooting-workflow",
        symptomatic=True,
        steps=(
            "kubectl get pods -n {namespace} -o wide",
            "kubectl get events -n {namespace} --sort-by=.lastTimestamp",
            "make daily",
        ),
        afterwards=GREEN,
    ),
)
