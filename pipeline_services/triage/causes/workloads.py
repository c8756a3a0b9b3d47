"""Causes that lie in a workload or its pods (sections 3.1 to 3.5)."""

from __future__ import annotations

from typing import Final

from pipeline_services.advice import Escalation
from pipeline_services.triage.causes.steps import BEFORE, DESCRIBE, HISTORY, LOGS, READY, RESTORE, ROLL_BACK
from pipeline_services.triage.model import Cause

L1 = Escalation.L1
L2 = Escalation.L2

PODS: Final = (
    Cause(
        "pod-replaced",
        "a pod is being replaced or is starting",
        L1,
        "self-healing",
        heals_within=120,
        steps=("kubectl get pods -n {namespace} -l app={app} --watch",),
        afterwards=READY,
    ),
    Cause(
        "settling",
        "a pod has just been started and has no figures of its own yet",
        L1,
        "self-healing",
        heals_within=180,
        steps=("kubectl get pods -n {namespace} -l app={app}", "make triage"),
        afterwards="make daily is green",
    ),
    Cause(
        "process-crashed",
        "a process ended and was started again",
        L1,
        "self-healing",
        heals_within=60,
        steps=(BEFORE, "kubectl get pods -n {namespace} -l app={app} --watch"),
        afterwards=READY,
    ),
    Cause(
        "process-hung",
        "a process runs and does not answer",
        L1,
        "pod-status",
        heals_within=120,
        steps=(LOGS, "kubectl delete pod -n {namespace} {pod}"),
        afterwards=READY,
    ),
    Cause(
        "crash-loop",
        "a process ends again and again",
        L2,
        "pod-status",
        symptomatic=True,
        steps=(BEFORE, HISTORY, ROLL_BACK),
        undo=ROLL_BACK,
        afterwards=READY,
    ),
    Cause(
        "restarted-often",
        "a pod was restarted five times or more",
        L2,
        "pod-status",
        symptomatic=True,
        steps=(BEFORE, DESCRIBE),
        afterwards="the count stays where it is",
    ),
    Cause(
        "not-ready",
        "a pod runs and is not ready",
        L2,
        "pod-status",
        symptomatic=True,
        steps=(DESCRIBE, LOGS),
        afterwards=READY,
    ),
    Cause(
        "out-of-memory",
        "a container needs more memory than its limit",
        L2,
        "high-resource-usage",
        steps=("kubectl top pods -n {namespace} --containers", HISTORY, ROLL_BACK),
        undo=ROLL_BACK,
        afterwards="no restart for OOMKilled, memory below 90 % of the limit",
    ),
    Cause(
        "cpu-throttled",
        "a container is slowed down by its CPU limit",
        L2,
        "high-resource-usage",
        steps=(
            "kubectl top pods -n {namespace} --containers",
            "kubectl describe {workload} -n {namespace}",
            ROLL_BACK,
        ),
        undo=ROLL_BACK,
        afterwards="CPU below 80 % of the limit, the lag falls",
    ),
    Cause(
        "image-unavailable",
        "the image cannot be had",
        L2,
        "configuration",
        steps=(HISTORY, ROLL_BACK),
        undo=ROLL_BACK,
        afterwards=READY,
    ),
    Cause(
        "container-cannot-start",
        "the container's command or settings cannot be run",
        L2,
        "pod-status",
        steps=(DESCRIBE, HISTORY, ROLL_BACK),
        undo=ROLL_BACK,
        afterwards=READY,
    ),
    Cause(
        "probe-wrong",
        "a probe asks for something that a well process does not answer",
        L2,
        "pod-status",
        steps=(DESCRIBE, HISTORY, ROLL_BACK),
        undo=ROLL_BACK,
        afterwards=READY,
    ),
    Cause(
        "scaled-to-zero",
        "somebody scaled it to 0",
        L2,
        "pod-status",
        steps=("kubectl scale {workload} -n {namespace} --replicas=1",),
        undo="kubectl scale {workload} -n {namespace} --replicas=0",
        afterwards=READY,
    ),
    Cause("workload-missing", "the workload does not exist", L2, "pod-status", steps=(RESTORE,), afterwards=READY),
    Cause(
        "rollout-paused",
        "a rollout was paused and goes no further",
        L2,
        "pod-status",
        steps=("kubectl rollout resume {workload} -n {namespace}",),
        undo="kubectl rollout pause {workload} -n {namespace}",
        afterwards="kubectl rollout status: complete",
    ),
    Cause(
        "rollout-under-way",
        "a rollout is under way",
        L1,
        "self-healing",
        heals_within=300,
        steps=("kubectl rollout status {workload} -n {namespace}",),
        afterwards="kubectl rollout status: complete",
    ),
    Cause(
        "pods-forbidden",
        "no pod may be made: a policy or an account forbids it",
        L2,
        "pod-status",
        steps=(
            "kubectl describe {workload} -n {namespace}",
            "kubectl get events -n {namespace} --sort-by=.lastTimestamp",
        ),
        afterwards=READY,
    ),
)
