"""Why no node takes a pod: too large, allowed nowhere, a node that is closed or full, a volume that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline_services.judgements.objects import K8sObject, age, condition, epoch, name_of, quantity
from pipeline_services.triage.evidence import COMPONENT_OF, Evidence
from pipeline_services.triage.graph import affected
from pipeline_services.triage.model import Finding
from pipeline_services.triage.telling import event_line, of_app, tell


def unscheduled(evidence: Evidence, app: str, pod: K8sObject) -> Iterator[Finding]:
    """The scheduler's own words, sorted by who has to act on them."""
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") != "False":
        return
    message = str(scheduled.get("message") or scheduled.get("reason") or "")
    since = epoch(scheduled["lastTransitionTime"]) if scheduled.get("lastTransitionTime") else None
    component, subject = COMPONENT_OF[app], f"pod/{name_of(pod)}"
    seen = (
        f"pod {name_of(pod)} is Pending: {message}",
        *(event_line(event) for event in evidence.events_of("Pod", name_of(pod), "FailedScheduling")[:1]),
    )
    closed = [name_of(node) for node in evidence.objects("nodes") if node["spec"].get("unschedulable")]
    taints = _taints(evidence)
    large = _too_large(evidence, pod)
    if large:
        yield tell(
            evidence,
            "request-too-large",
            component,
            f"a pod of {app} asks for {large}",
            *seen,
            subject=subject,
            since=since,
            details=of_app(app, pod),
        )
    elif re.search(r"(?i)persistentvolumeclaim.*not found|pvc.*not found", message):
        yield tell(
            evidence,
            "volume-missing",
            "storage",
            f"the volume claim of {app} is gone",
            *seen,
            subject=subject,
            since=since,
            affects=affected(component),
            details=of_app(app, pod),
        )
    elif re.search(r"(?i)unbound immediate|volume node affinity|persistentvolume", message):
        yield tell(
            evidence,
            "volume-unbound",
            "storage",
            f"the volume of {app} is not there",
            *seen,
            subject=subject,
            since=since,
            affects=affected(component),
            details=of_app(app, pod),
        )
    elif closed and re.search(r"(?i)unschedulable", message):
        yield tell(
            evidence,
            "node-cordoned",
            "node",
            f"node {closed[0]} takes no pods, so {app} has nowhere to run",
            f"node {closed[0]} has spec.unschedulable true",
            *seen,
            subject=f"node/{closed[0]}",
            since=since,
            affects=affected(component),
            details=of_app(app, pod, node=closed[0]),
        )
    elif re.search(r"(?i)node\.kubernetes\.io/(not-ready|unreachable)", message):
        yield tell(
            evidence,
            "node-not-ready",
            "node",
            f"the node is not ready, so {app} has nowhere to run",
            *seen,
            subject=subject,
            since=since,
            details=of_app(app, pod, node=_first_node(evidence)),
        )
    elif re.search(r"(?i)node\.kubernetes\.io/(\w+)-pressure", message):
        yield tell(
            evidence,
            "node-pressure",
            "node",
            f"the node is short of something, so {app} has nowhere to run",
            *seen,
            subject=subject,
            since=since,
            details=of_app(app, pod, node=_first_node(evidence)),
        )
    elif re.search(r"untolerated taint", message) and taints:
        yield tell(
            evidence,
            "node-tainted",
            "node",
            f"node {taints[0][0]} keeps {app} away by the taint {taints[0][1]}",
            *seen,
            subject=f"node/{taints[0][0]}",
            since=since,
            affects=affected(component),
            details=of_app(app, pod, node=taints[0][0], taint=taints[0][1]),
        )
    elif re.search(r"Insufficient|Too many pods", message):
        yield tell(
            evidence,
            "node-full",
            "node",
            f"no node has room for {app}",
            *seen,
            *_usage(evidence),
            subject=subject,
            since=since,
            affects=affected(component),
            details=of_app(app, pod),
        )
    elif age(pod, evidence.now) > 5:
        selector = pod["spec"].get("nodeSelector") or pod["spec"].get("affinity")
        yield tell(
            evidence,
            "placement-impossible",
            component,
            f"{app} may run on no node there is",
            *seen,
            f"it asks for {selector}" if selector else "",
            subject=subject,
            since=since,
            details=of_app(app, pod),
        )


def _too_large(evidence: Evidence, pod: K8sObject) -> str:
    """What the pod asks for that no node has even when it is empty."""
    for resource in ("cpu", "memory"):
        wanted = sum(
            quantity(container.get("resources", {}).get("requests", {}).get(resource, 0))
            for container in pod["spec"]["containers"]
        )
        room = [quantity(node["status"]["allocatable"].get(resource, 0)) for node in evidence.objects("nodes")]
        if room and wanted > max(room):
            return f"{_shown(resource, wanted)}, and the largest node has {_shown(resource, max(room))}"
    return ""


def _taints(evidence: Evidence) -> list[tuple[str, str]]:
    """The nodes' taints that somebody set, as (node, key)."""
    return [
        (name_of(node), taint["key"])
        for node in evidence.objects("nodes")
        for taint in node["spec"].get("taints") or ()
        if not taint["key"].startswith("node.kubernetes.io/")
    ]


def _shown(resource: str, amount: float) -> str:
    return f"{amount:g} CPUs" if resource == "cpu" else f"{amount / 2**30:.1f} GiB"


def _first_node(evidence: Evidence) -> str:
    return next((name_of(node) for node in evidence.objects("nodes")), "NODE")


def _usage(evidence: Evidence) -> list[str]:
    return [f"node {name_of(one)} uses {one['usage']}" for one in evidence.objects("node_metrics")][:1]
