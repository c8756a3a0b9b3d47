"""Workloads that are missing, scaled to nothing, held up, or may not make pods (sections 3.1 to 3.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipeline_services.checklist import checks
from pipeline_services.judgements.declared import ADMISSION
from pipeline_services.model.component import Component
from pipeline_services.model.k8s import (
    K8sObject,
    condition,
    condition_since,
    condition_status,
    epoch,
    involved_object,
    is_terminating,
    is_true,
    labels_of,
    last_seen,
    name_of,
    progress_of,
    replicas_of,
    spec_of,
    template_of,
)
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.model.pipeline import DAEMON_SET
from pipeline_services.model.text import pairs
from pipeline_services.triage.causes.finding import About, earliest, event_line, make_finding
from pipeline_services.triage.causes.pods import pod_findings
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Finding
from pipeline_services.triage.steps import READY, RESTORE

_REFUSED: Final = re.compile(r'^pods "[^"]*" is forbidden: (exceeded quota: [\w.-]+, )?')
CAUSES: Final = (
    Cause(
        "quota-exceeded",
        "a ResourceQuota or LimitRange of the namespace refuses the pods",
        Escalation.L2,
        "high-resource-usage",
        steps=("kubectl describe resourcequota,limitrange -n {namespace}",),
        afterwards=READY,
    ),
    Cause(
        "scaled-to-zero",
        "the workload is scaled to 0",
        Escalation.L2,
        "pod-status",
        steps=("kubectl scale {workload} -n {namespace} --replicas=1",),
        undo="kubectl scale {workload} -n {namespace} --replicas=0",
        afterwards=READY,
    ),
    Cause(
        "workload-missing",
        "the workload does not exist",
        Escalation.L2,
        "pod-status",
        steps=(RESTORE,),
        afterwards=READY,
    ),
    Cause(
        "rollout-paused",
        "a rollout is paused",
        Escalation.L2,
        "pod-status",
        steps=("kubectl rollout resume {workload} -n {namespace}",),
        undo="kubectl rollout pause {workload} -n {namespace}",
        afterwards="its rollout is complete",
    ),
    Cause(
        "rollout-under-way",
        "a rollout is in progress",
        Escalation.L1,
        "self-healing",
        heals_within=300,
        steps=("kubectl rollout status {workload} -n {namespace}",),
        afterwards="its rollout is complete",
    ),
    Cause(
        "pods-forbidden",
        "an admission policy or a missing service account blocks new pods",
        Escalation.L2,
        "pod-status",
        steps=(
            "kubectl describe {workload} -n {namespace}",
            "kubectl get events -n {namespace} --sort-by=.lastTimestamp",
        ),
        afterwards=READY,
    ),
    Cause(
        "pod-security-refuses",
        "the namespace's pod security label refuses pods",
        Escalation.L2,
        "configuration",
        steps=(
            "kubectl get namespace {namespace} -o yaml",
            "kubectl label namespace {namespace} pod-security.kubernetes.io/enforce=privileged --overwrite",
        ),
        undo="kubectl label namespace {namespace} pod-security.kubernetes.io/enforce{back}",
        afterwards="the refused pods are created and ready within two minutes",
        others=True,
    ),
)


def findings(evidence: Evidence) -> Iterator[Finding]:
    """One look at each workload and its pods."""
    for part in evidence.pipeline.workloads.values():
        if evidence.known(part.list_name) and evidence.known("pods"):
            yield from _of(evidence, part)


def _of(evidence: Evidence, part: Component) -> Iterator[Finding]:
    subject, workload = part.kubectl_name, evidence.workload(part.id)
    if workload is None:
        summary = f"{subject} does not exist, so {part.id} does not run"
        scaled = {"hpa"} if part.autoscaler else set()  # which finds nothing to scale
        yield make_finding(
            About(evidence, part, affects={*evidence.pipeline.affected_by(part.reports_to), *scaled}),
            "workload-missing",
            summary,
            f"no {subject} in the namespace",
            _pods_line(evidence, part),
        )
        return
    if part.kind != DAEMON_SET and replicas_of(workload) == 0:
        yield _scaled_to_zero(evidence, part)
        return
    found = list(_without_pods(evidence, part, workload)) or list(pod_findings(evidence, part, workload))
    yield from found
    if not found:
        yield from _held_up(evidence, part, workload)


def _scaled_to_zero(evidence: Evidence, part: Component) -> Finding:
    events = evidence.events_of(part.kind, part.workload)
    gone = [event for event in events if "scaled down" in event.get("message", "").lower()]
    gone += [event for event in events if event.get("reason") == "SuccessfulDelete"]
    since = evidence.changed(part.kind, part.workload, "spec.replicas") or (last_seen(gone[0]) if gone else None)
    summary = f"{part.id} is scaled to 0, so no pod runs"
    return make_finding(
        About(evidence, part),
        "scaled-to-zero",
        summary,
        f"{part.kubectl_name} has spec.replicas 0",
        *(event_line(event) for event in gone[:1]),
        _pods_line(evidence, part),
        since=since,
    )


def _refused(evidence: Evidence, part: Component) -> list[K8sObject]:
    """The newest events that pod creation failed, of one controller."""
    refused = [event for event in evidence.events if event.get("reason") == "FailedCreate" and _owned(event, part)]
    return [one for one in refused if involved_object(one) == involved_object(refused[0])]


def _without_pods(evidence: Evidence, part: Component, workload: K8sObject) -> Iterator[Finding]:
    """The controller says why it creates no pods."""
    if part.kind == DAEMON_SET and progress_of(workload).wanted == 0:
        selector = spec_of(template_of(workload)).get("nodeSelector")
        if not selector:  # its nodes are closed to it, which is said of them
            return
        summary = f"{part.id} runs on no node: none has its nodeSelector, {pairs(selector)}"
        yield make_finding(
            About(evidence, part),
            "placement-impossible",
            summary,
            f"{part.kubectl_name} wants 0 pods",
            since=evidence.changed(part.kind, part.workload, "spec"),
        )
        return
    if progress_of(workload).complete:
        return
    failed = condition(workload, "ReplicaFailure")
    refused = _refused(evidence, part)
    message = failed.get("message") if is_true(workload, "ReplicaFailure") else ""
    if not message and refused and len(evidence.pods(part.id)) < replicas_of(workload):
        message = refused[0].get("message", "")
    if not message:
        return
    since = earliest(
        condition_since(workload, "ReplicaFailure"),
        *(epoch(event["firstTimestamp"]) for event in refused if event.get("firstTimestamp")),
    )
    lines = (_REFUSED.sub("", message), *_quotas(evidence), *(event_line(event) for event in refused[:2]))
    namespace = evidence.object("namespaces", evidence.snapshot.namespace)
    level = labels_of(namespace).get(f"{ADMISSION}enforce") if namespace else None
    if re.search(r"exceeded quota|must specify|(max|min)imum .* usage per", message):
        cause, component = "quota-exceeded", "config"
        quota = re.search(r"(?:exceeded|failed) quota: ([\w.-]+)", message)
        summary = f"{f'ResourceQuota {quota[1]}' if quota else 'a LimitRange'} refuses the pods of {part.id}"
    elif "violates PodSecurity" in message:
        cause, component = "pod-security-refuses", "config"
        is_set = f" is {level}, which" if level else ""
        summary = f"no pod of {part.id} is admitted: the namespace's label {ADMISSION}enforce{is_set} forbids them"
    elif re.search(r"persistentvolumeclaim", message):
        cause, component, summary = "volume-missing", "storage", f"{part.id} has no volume claim"
    else:
        cause, component, summary = "pods-forbidden", "", f"no pod of {part.id} may be created: {message}"
    said = re.search(r'violates PodSecurity "(\w+)', message)
    was = level if namespace or not said else said[1]
    about = About(evidence, part, owner=component, details={"back": f"={was} --overwrite" if was else "-"})
    yield make_finding(about, cause, summary, *lines, since=since)


def _held_up(evidence: Evidence, part: Component, workload: K8sObject) -> Iterator[Finding]:
    """All pods are healthy, but the rollout is not complete."""
    progress = progress_of(workload)
    if progress.complete:
        return
    changed = evidence.changed(part.kind, part.workload, "spec")
    if spec_of(workload).get("paused"):
        yield make_finding(
            About(evidence, part),
            "rollout-paused",
            f"the rollout of {part.id} is paused",
            str(progress),
            f"{part.kubectl_name} has spec.paused true",
            since=changed,
        )
        return
    stalled = condition(workload, "Progressing")
    if condition_status(workload, "Progressing") == "False" or evidence.failed(
        checks.ROLLOUT_COMPLETE, part.reports_to
    ):
        yield make_finding(
            About(evidence, part),
            "not-ready",
            f"the rollout of {part.id} does not complete",
            str(progress),
            stalled.get("message", ""),
            since=changed,
        )
        return
    yield make_finding(
        About(evidence, part),
        "rollout-under-way",
        f"a rollout of {part.id} is under way: {progress}",
        *_leaving(evidence, part),
        since=changed,
    )


def _owned(event: K8sObject, part: Component) -> bool:
    name = involved_object(event)[1]
    return re.fullmatch(rf"{re.escape(part.workload)}(-[0-9a-f]+)?", name) is not None


def _quotas(evidence: Evidence) -> list[str]:
    return [
        f"quota {quota['name']}: {key} {quota.get('used', {}).get(key, '?')} of {limit}"
        for quota in evidence.data("quotas") or []
        for key, limit in (quota.get("hard") or {}).items()
    ][:3]


def _leaving(evidence: Evidence, part: Component) -> list[str]:
    return [f"pod {name_of(pod)} is terminating" for pod in evidence.all_pods(part.id) if is_terminating(pod)]


def _pods_line(evidence: Evidence, part: Component) -> str:
    pods = evidence.pods(part.id)
    return f"{len(pods)} pods with {part.label_selector}" if pods else f"no pod with {part.label_selector}"
