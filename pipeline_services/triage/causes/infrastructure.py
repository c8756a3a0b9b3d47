"""Nodes and volumes (sections 1, 3.5, 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from pipeline_services.checklist import checks
from pipeline_services.judgements.heartbeats import clocks_behind, silent_nodes
from pipeline_services.judgements.nodes import closed_by_hand, closed_by_taints, take_no_pods
from pipeline_services.judgements.volumes import belongs_to
from pipeline_services.model import roles
from pipeline_services.model.k8s import (
    JOINING_S,
    PRESSURES,
    TROUBLES,
    K8sObject,
    condition,
    condition_since,
    condition_status,
    deletion_time,
    epoch,
    is_cordoned,
    is_joining,
    is_terminating,
    is_true,
    name_of,
    node_of,
    phase_of,
    spec_of,
    taints_of,
    taints_of_key,
)
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.triage.causes import unreached
from pipeline_services.triage.causes.finding import OF_ALL, About, healing, make_finding
from pipeline_services.triage.causes.log_lines import logged
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Confidence, Finding
from pipeline_services.triage.steps import READY

CAUSES: Final = (
    Cause(
        "node-full",
        "no node has room for a pod",
        Escalation.L3,
        "high-resource-usage",
        steps=("kubectl describe nodes", "kubectl top nodes"),
        afterwards=READY,
    ),
    Cause(
        "node-cordoned",
        "a node is cordoned",
        Escalation.L3,
        "high-resource-usage",
        steps=("kubectl uncordon {node}",),
        undo="kubectl cordon {node}",
        afterwards="the node is Ready",
    ),
    Cause(
        "node-tainted",
        "a taint keeps pods off a node",
        Escalation.L3,
        "high-resource-usage",
        steps=("kubectl describe node {node}", "kubectl taint node {node} {taint}-"),
        undo="kubectl taint node {node} {put_back}",
        afterwards="the node has no such taint",
    ),
    Cause(
        "node-not-ready",
        "a node is not Ready",
        Escalation.L3,
        "health-checks",
        steps=("kubectl describe node {node}",),
        afterwards="the node is Ready",
    ),
    Cause(
        "node-silent",
        "a kubelet does not report, is not reached, or has a clock that is behind",
        Escalation.L3,
        "the-cluster-itself",
        steps=("kubectl describe node {node}", "kubectl get leases -n kube-node-lease"),
        afterwards="the node is Ready; then look at the pods again",
    ),
    Cause(
        "node-pressure",
        "a node is short of memory, disk or process ids, or in other trouble",
        Escalation.L3,
        "high-resource-usage",
        steps=("kubectl describe node {node}", "kubectl top nodes"),
        afterwards="no pressure condition is True",
    ),
    Cause(
        "volume-unbound",
        "a volume claim is not Bound",
        Escalation.L3,
        "storage",
        steps=("kubectl describe pvc -n {namespace}", "kubectl get storageclass"),
        afterwards="the claim is Bound",
    ),
    Cause(
        "volume-missing",
        "a volume or its claim is missing",
        Escalation.L3,
        "storage",
        steps=("kubectl get pvc -n {namespace}", "kubectl get events -n {namespace} --sort-by=.lastTimestamp"),
        afterwards="the claim is Bound and the pod is ready",
    ),
    Cause(
        "volume-full",
        "a volume is full",
        Escalation.L3,
        "storage",
        steps=("kubectl exec -n {namespace} {pod} -- df -h {mount}",),
        afterwards="usage below 80 %",
    ),
)

STILL_SAID = 60.0
"""Seconds within which what has no space says so again."""
_NO_SPACE = r"(?i)no space left|disk full|ENOSPC|disk quota exceeded"


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Nodes first, then volumes."""
    yield from _nodes(evidence)
    yield from unreached.findings(evidence)
    yield from _claims(evidence)
    yield from _full(evidence)


def _nodes(evidence: Evidence) -> Iterator[Finding]:
    nodes = evidence.objects("nodes")
    for node in nodes:
        yield from _node(evidence, node)
    for name, keys in closed_by_hand(nodes).items() if closed_by_taints(nodes) else ():
        seen = f"node {name} has the taint {', '.join(keys)}"
        put_back = taints_of_key(evidence.object("nodes", name) or {}, keys[0])
        details = {"node": name, "taint": keys[0], "put_back": put_back}
        summary = f"{seen}: new pods cannot be scheduled on it"
        told = make_finding(
            About(evidence, "node", subject=f"node/{name}", affects=(), details=details), "node-tainted", summary, seen
        )
        yield replace(told, blocks=True)
    for one in evidence.failed(checks.NODES_HAVE_ROOM)[:1]:
        yield make_finding(
            About(evidence, "node", details=OF_ALL), "node-full", one.why, one.why, confidence=Confidence.MEDIUM
        )


def _node(evidence: Evidence, node: K8sObject) -> Iterator[Finding]:
    name = name_of(node)
    about = About(evidence, "node", subject=f"node/{name}", details={"node": name})
    if name in evidence.snapshot.derive(silent_nodes):
        yield _silent(evidence, node)
        return
    if behind := evidence.snapshot.derive(clocks_behind).get(name):
        summary = f"the clock of node {name} is {behind:.0f} s behind; its kubelet does report"
        seen = f"Lease {name}: renewed {behind:.0f} s ago by its own clock, and the node is still Ready"
        told = make_finding(replace(about, affects=()), "node-silent", summary, seen)
        yield replace(told, afterwards="its Lease is renewed seconds ago")
    if not is_true(node, "Ready"):
        ready, since = condition(node, "Ready"), condition_since(node, "Ready")
        summary, seen = f"node {name} is not Ready: {ready.get('reason', 'unknown')}", str(ready.get("message", ""))
        summary += f"; {kept}" if (kept := _kept(evidence, name)) else ""
        told = make_finding(about, "node-not-ready", summary, seen, since=since)
        if evidence.undecided(checks.NODES_READY) and is_joining(node, evidence.now):
            told = healing(told, JOINING_S)
        yield told
        return
    pressed = [
        *(kind for kind in PRESSURES if condition_status(node, kind) != "False"),
        *(kind for kind in TROUBLES if is_true(node, kind)),
    ]
    failed = evidence.failed(checks.NODES_WITHOUT_PRESSURE)
    if pressed and failed:
        said = (f"{kind}: {condition(node, kind).get('message', 'no such condition')}" for kind in pressed)
        since = condition_since(node, pressed[0])
        yield make_finding(about, "node-pressure", failed[0].why, *said, since=since)
    if is_cordoned(node):
        summary, seen = f"node {name} is cordoned: new pods cannot be scheduled on it", "has spec.unschedulable true"
        told = make_finding(
            replace(about, affects=()), "node-cordoned", summary, f"node {name} {seen}", since=_tainted(node)
        )
        is_only = take_no_pods(evidence.objects("nodes"))
        yield replace(told, blocks=is_only, cause=replace(told.cause, others=not is_only))  # it may be being drained


def _silent(evidence: Evidence, node: K8sObject) -> Finding:
    """A node whose kubelet says nothing: all that is said of its pods is old, so none of it is a cause."""
    name, ready = name_of(node), condition(node, "Ready")
    silent = evidence.snapshot.derive(silent_nodes)[name]
    return make_finding(
        About(evidence, "node", subject=f"node/{name}", affects=evidence.pipeline.reported, details={"node": name}),
        "node-silent",
        f"the kubelet of node {name} has not reported for {silent:.0f} s; "
        + (_kept(evidence, name) or "what is known of its pods is that old"),
        f"Lease {name}: renewed {silent:.0f} s ago",
        f"node {name} is Ready {ready.get('status', 'Unknown')}: {ready.get('message', '')}",
        since=evidence.now - silent,
    )


def _kept(evidence: Evidence, node: str) -> str:
    """The pods that were deleted and cannot end, as nobody hears from their node; two of them would share a volume."""
    gone = [pod for pod in evidence.objects("pods") if node_of(pod) == node and is_terminating(pod)]
    names = ", ".join(map(name_of, gone[:3]))
    return f"{names} may still run there: force its end only once the node is surely off" if gone else ""


def _tainted(node: K8sObject) -> float | None:
    return next((epoch(taint["timeAdded"]) for taint in taints_of(node) if taint.get("timeAdded")), None)


def _claims(evidence: Evidence) -> Iterator[Finding]:
    claims = evidence.objects("pvcs")
    if not evidence.known("pvcs"):
        return
    for app in evidence.pipeline.with_volume:
        own = [claim for claim in claims if belongs_to(name_of(claim), evidence.pipeline[app])]
        if not own and not evidence.workload(app):
            continue
        if not own:
            yield make_finding(
                About(evidence, "storage", affects=evidence.pipeline.affected_by(app)),
                "volume-missing",
                f"{app} has no volume claim",
                "no such claim in the namespace",
            )
        for claim in own:
            yield from _claim(evidence, app, claim)


def _claim(evidence: Evidence, app: str, claim: K8sObject) -> Iterator[Finding]:
    name, phase = name_of(claim), phase_of(claim)
    if phase == "Lost":
        cause, summary, seen = "volume-missing", f"the volume of {name} is lost", ["phase Lost"]
    elif phase != "Bound" and evidence.failed(checks.VOLUME_BOUND):
        events = evidence.events_of("PersistentVolumeClaim", name)[:1]
        cause, summary = "volume-unbound", f"volume claim {name} is {phase}, not Bound"
        seen = [f"storage class {spec_of(claim).get('storageClassName')}", *(str(one.get("message")) for one in events)]
    elif is_terminating(claim):
        cause, summary = "volume-missing", f"volume claim {name} was deleted and ends with its pod"
        seen = [f"deletionTimestamp {deletion_time(claim)}"]
    else:
        return
    affects = evidence.pipeline.affected_by(app)
    yield make_finding(About(evidence, "storage", subject=f"pvc/{name}", affects=affects), cause, summary, *seen)


def _out_of_space(evidence: Evidence, app: str) -> list[str]:
    """What is logged of it, by whose volume it is and by who writes there; where it serves, what is still said."""
    since = evidence.now - STILL_SAID if evidence.ready(app) else 0.0
    who = (app, roles.PROCESSOR) if app == roles.INFLUXDB else (app,)
    lines = sorted(line for one in who for line in evidence.lines(one))
    return [text for at, text in lines if at >= since and re.search(_NO_SPACE, text)]


def _full(evidence: Evidence) -> Iterator[Finding]:
    for app in evidence.pipeline.with_volume:
        usage = evidence.failed(checks.KEY_METRIC, "volume-usage", app)
        lines = _out_of_space(evidence, app)
        if usage or lines:
            summary = f"the volume of {app} is full" if lines else f"the volume of {app} is nearly full: {usage[0].why}"
            pods, part = evidence.pods(app), evidence.pipeline[app]
            pod = name_of(pods[0]) if pods else part.first_pod
            yield make_finding(
                About(
                    evidence,
                    "storage",
                    subject=f"pvc of {app}",
                    affects=evidence.pipeline.affected_by(app),
                    details={"pod": pod, "mount": part.mount},
                ),
                "volume-full",
                summary,
                *(one.why for one in usage),
                *logged(lines[-2:]),
            )
