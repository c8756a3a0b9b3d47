"""Prometheus, Grafana and Loki."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.causes.steps import HISTORY, LOGS, READY, RESTORE, ROLL_BACK
from pipeline_services.triage.model import Cause

CAUSES: Final = (
    Cause(
        "scrape-failing",
        "Prometheus cannot scrape some targets",
        Escalation.L2,
        "observability",
        steps=(
            "kubectl logs -n {namespace} -l {selector:prometheus} --tail=50",
            "kubectl get networkpolicies -n {namespace}",
            RESTORE,
        ),
        afterwards="every target is up",
    ),
    Cause(
        "series-dropped",
        "Prometheus scrapes its targets and keeps no figures of them",
        Escalation.L2,
        "observability",
        steps=("kubectl get configmaps -n {namespace} -o yaml", RESTORE),
        afterwards="there are figures of whatever is scraped",
    ),
    Cause(
        "port-closed",
        "a pod is ready, but nothing listens on its port",
        Escalation.L2,
        "pod-status",
        symptomatic=True,
        steps=(HISTORY, LOGS, ROLL_BACK),
        undo=ROLL_BACK,
        afterwards=READY,
    ),
    Cause(
        "datasource-broken",
        "Grafana gets no answer from a data source",
        Escalation.L2,
        "grafana-dashboards",
        steps=("kubectl logs -n {namespace} -l {selector:grafana} --tail=50", RESTORE),
        afterwards="the data source answers",
    ),
    Cause(
        "dashboard-damaged",
        "the dashboard lacks panels or does not exist",
        Escalation.L2,
        "grafana-dashboards",
        steps=(RESTORE,),
        afterwards="the dashboard shows all its panels",
    ),
    Cause(
        "panels-empty",
        "panels of the dashboard show no fresh data",
        Escalation.L2,
        "grafana-dashboards",
        symptomatic=True,
        steps=("kubectl logs -n {namespace} -l {selector:grafana} --tail=50", RESTORE),
        afterwards="every panel shows the last minutes",
    ),
    Cause(
        "logs-not-shipped",
        "logs do not arrive in Loki",
        Escalation.L2,
        "loki-log-search",
        steps=(
            "kubectl logs -n {namespace} -l {selector:log-shipper} --tail=50",
            "kubectl get pods -n {namespace} -l {selector:log-shipper}",
        ),
        afterwards="Loki has lines of every pod from the last minute",
    ),
)
