"""How often pods restart and how many autoscalers make."""

from __future__ import annotations

from typing import Final

from pipeline_services.model import roles
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.model.metrics.metric import Comparison, KeyMetric, autoscalers, workloads

MAX_RESTARTS: Final = 5
"""From here on restarts are no self-healing."""
POD_RESTARTS: Final = KeyMetric(
    id="pod-restarts",
    row="Pod restarts",
    shown_by="`kubectl get pods`",
    tool="kubernetes",
    query="status.containerStatuses[].restartCount of the last 12 hours, summed over the containers, of the worst pod",
    unit="restarts",
    comparison=Comparison.BELOW,
    fail=MAX_RESTARTS,
    warn=3,
    reason="the level is section 8's; a restart for which the container has worked for 12 hours since is over",
    advice=advice_about(roles.PRODUCER).but(
        impact="a container keeps failing; each restart interrupts the flow",
        next_command="kubectl get pods -n {namespace} -o wide",
        runbook="pod-status",
    ),
    subjects=workloads,
)
HPA_REPLICAS: Final = KeyMetric(
    id="hpa-replicas",
    row="HPA replicas",
    shown_by="`kubectl get hpa`",
    tool="kubernetes",
    query="status.currentReplicas of each HorizontalPodAutoscaler",
    unit="replicas",
    comparison=Comparison.AT_MOST,
    fail=5,
    warn=5,
    floor=1,
    reason="the bounds are section 8's",
    advice=advice_about("hpa").but(next_command="kubectl get hpa -n {namespace}"),
    component="hpa",
    subjects=autoscalers,
)
