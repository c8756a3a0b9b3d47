"""Workloads that are missing, scaled to nothing, held up, or may not make pods (sections 3.1 to 3.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline_services.checklist import checks
from pipeline_services.model import names
from pipeline_services.model.k8s import (
    K8sObject,
    condition,
    condition_since,
    epoch,
    involved_object,
    is_terminating,
    is_true,
    last_seen,
    name_of,
    progress_of,
    replicas_of,
    spec_of,
    template_of,
)
from pipeline_services.model.kinds import WORKLOADS
from pipeline_services.triage.evidence import COMPONENT_OF, Evidence
from pipeline_services.triage.graph import affected
from pipeline_services.triage.model import Finding
from pipeline_services.triage.rules.finding import earliest, event_line, of_app, tell
from pipeline_services.triage.rules.pods import pod_findings


def findings(evidence: Evidence) -> Iterator[Finding]:
    """One look at each workload and its pods."""
    for app in names.WORKLOADS:
        if evidence.known(WORKLOADS[app].source) and evidence.known("pods"):
            yield from _of(evidence, app)


def _of(evidence: Evidence, app: str) -> Iterator[Finding]:
    component, subject = COMPONENT_OF[app], f"{WORKLOADS[app].singular}/{app}"
    workload = evidence.workload(app)
    if workload is None:
        summary = f"{subject} does not exist, so nothing runs {app}"
        yield tell(
            evidence,
            "workload-missing",
            component,
            summary,
            f"no {subject} in the namespace",
            _pods_line(evidence, app),
            subject=subject,
            details=of_app(app),
        )
        return
    if WORKLOADS[app].name != "DaemonSet" and replicas_of(workload) == 0:
        yield _scaled_to_zero(evidence, app)
        return
    found = list(_without_pods(evidence, app, workload)) or list(pod_findings(evidence, app, workload))
    yield from found
    if not found:
        yield from _held_up(evidence, app, workload)


def _scaled_to_zero(evidence: Evidence, app: str) -> Finding:
    kind = WORKLOADS[app]
    component, subject = COMPONENT_OF[app], f"{kind.singular}/{app}"
    gone = [event for event in evidence.events_of(kind.name, app) if "scaled down" in event.get("message", "").lower()]
    gone += evidence.events_of(kind.name, app, "SuccessfulDelete")
    since = evidence.changed(kind.source, app, "spec.replicas") or (last_seen(gone[0]) if gone else None)
    summary = f"{app} is scaled to 0: no pod of it is wanted, so none runs"
    return tell(
        evidence,
        "scaled-to-zero",
        component,
        summary,
        f"{subject} has spec.replicas 0",
        *(event_line(event) for event in gone[:1]),
        _pods_line(evidence, app),
        subject=subject,
        since=since,
        details=of_app(app),
    )


def _refused(evidence: Evidence, app: str) -> list[K8sObject]:
    """The newest events that a pod could not be made, of one maker: an older one's are another story."""
    refused = [event for event in evidence.events if event.get("reason") == "FailedCreate" and _owned(event, app)]
    return [one for one in refused if involved_object(one) == involved_object(refused[0])]


def _without_pods(evidence: Evidence, app: str, workload: K8sObject) -> Iterator[Finding]:
    """The controller says why it makes no pods."""
    kind = WORKLOADS[app].singular
    component, subject = COMPONENT_OF[app], f"{kind}/{app}"
    if kind == "daemonset" and progress_of(workload).wanted == 0:
        selector = spec_of(template_of(workload)).get("nodeSelector")
        summary = f"{app} runs on no node: its selector {selector} matches none"
        yield tell(
            evidence,
            "placement-impossible",
            component,
            summary,
            f"{subject} wants 0 pods",
            f"nodeSelector {selector}",
            subject=subject,
            since=evidence.changed("daemonsets", app, "spec"),
            details=of_app(app),
        )
        return
    if progress_of(workload).complete:
        return
    failed = condition(workload, "ReplicaFailure")
    refused = _refused(evidence, app)
    message = failed.get("message") if is_true(workload, "ReplicaFailure") else ""
    if not message and refused and len(evidence.pods(app)) < replicas_of(workload):
        message = refused[0].get("message", "")
    if not message:
        return
    since = earliest(
        condition_since(workload, "ReplicaFailure"),
        *(epoch(event["firstTimestamp"]) for event in refused if event.get("firstTimestamp")),
    )
    lines = (message, *(event_line(event) for event in refused[:2]), *_quotas(evidence))
    if re.search(r"exceeded quota|must specify|(max|min)imum .* usage per", message):
        yield tell(
            evidence,
            "quota-exceeded",
            "config",
            f"the namespace's quota or limit range allows no pod of {app}",
            *lines,
            subject=subject,
            since=since,
            affects=affected(component),
            details=of_app(app),
        )
    elif re.search(r"persistentvolumeclaim", message):
        yield tell(
            evidence,
            "volume-missing",
            "storage",
            f"{app} has no volume claim",
            *lines,
            subject=subject,
            since=since,
            affects=affected(component),
            details=of_app(app),
        )
    else:
        yield tell(
            evidence,
            "pods-forbidden",
            component,
            f"no pod of {app} may be made: {message}",
            *lines,
            subject=subject,
            since=since,
            details=of_app(app),
        )


def _held_up(evidence: Evidence, app: str, workload: K8sObject) -> Iterator[Finding]:
    """All pods that are there are well, and yet it is not what it should be."""
    progress, kind = progress_of(workload), WORKLOADS[app].singular
    if progress.complete:
        return
    component, subject = COMPONENT_OF[app], f"{kind}/{app}"
    changed = evidence.changed(WORKLOADS[app].source, app, "spec")
    if spec_of(workload).get("paused"):
        yield tell(
            evidence,
            "rollout-paused",
            component,
            f"the rollout of {app} is paused half-way",
            str(progress),
            f"{subject} has spec.paused true",
            subject=subject,
            since=changed,
            details=of_app(app),
        )
        return
    stalled = condition(workload, "Progressing")
    if stalled.get("status") == "False" or evidence.failed(checks.ROLLOUT_COMPLETE, component):
        yield tell(
            evidence,
            "not-ready",
            component,
            f"the rollout of {app} does not come to its end",
            str(progress),
            stalled.get("message", ""),
            subject=subject,
            since=changed,
            details=of_app(app),
        )
        return
    yield tell(
        evidence,
        "rollout-under-way",
        component,
        f"a rollout of {app} is under way: {progress}",
        *_leaving(evidence, app),
        subject=subject,
        since=changed,
        details=of_app(app),
    )


def _owned(event: K8sObject, app: str) -> bool:
    name = involved_object(event)[1]
    return bool(name == app or re.fullmatch(rf"{re.escape(app)}-[0-9a-f]+", name))


def _quotas(evidence: Evidence) -> list[str]:
    return [
        f"quota {quota['name']}: {key} {quota.get('used', {}).get(key, '?')} of {limit}"
        for quota in evidence.data("quotas") or []
        for key, limit in (quota.get("hard") or {}).items()
    ][:3]


def _leaving(evidence: Evidence, app: str) -> list[str]:
    return [f"pod {name_of(pod)} is ending" for pod in evidence.all_pods(app) if is_terminating(pod)]


def _pods_line(evidence: Evidence, app: str) -> str:
    pods = evidence.pods(app)
    return f"{len(pods)} pods with app={app}" if pods else f"no pod with app={app}"
