"""Why no node takes a pod: too large, allowed nowhere, a node that is closed or full, a volume that is not there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from pipeline_services.judgements.nodes import closed_by_hand, take_no_pods
from pipeline_services.judgements.placement import is_unplaced, too_large
from pipeline_services.model.component import Component
from pipeline_services.model.k8s import (
    PRESSURES,
    K8sObject,
    claims_of,
    closing_taints,
    condition,
    condition_since,
    involved_object,
    is_cordoned,
    is_true,
    name_of,
    spec_of,
    taints_of_key,
)
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.model.text import pairs
from pipeline_services.triage.causes.finding import About, event_line, make_finding
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Finding
from pipeline_services.triage.steps import DESCRIBE, DESCRIBE_WORKLOAD, HISTORY, READY, ROLL_BACK, ROLL_FORWARD

_COUNT: Final = re.compile(r"^0/\d+ nodes are available: ")
CAUSES: Final = (
    Cause(
        "request-too-large",
        "a pod requests more than any node has",
        Escalation.L2,
        "high-resource-usage",
        steps=(DESCRIBE, HISTORY, ROLL_BACK),
        undo=ROLL_FORWARD,
        afterwards=READY,
    ),
    Cause(
        "placement-impossible",
        "no node fits the pod: selector, affinity or taint",
        Escalation.L2,
        "pod-status",
        steps=(DESCRIBE_WORKLOAD, HISTORY, ROLL_BACK),
        undo=ROLL_FORWARD,
        afterwards=READY,
    ),
)

_KEPT_BY_TAINT: Final = re.compile(
    r"\d+ node\(s\) had (untolerated )?taint(\(s\)| \{(?!node\.kubernetes\.io/)[^}]*\})"
    r"(, that the pod didn't tolerate)?(, )?"
)
_CONCERNED: Final[Mapping[str, Callable[[K8sObject], bool]]] = {
    "node-not-ready": lambda node: not is_true(node, "Ready"),
    "node-pressure": lambda node: any(is_true(node, kind) for kind in PRESSURES),
}
"""Which node a cause is about; else it is one that is cordoned."""
_SELECTOR: Final = "didn't match Pod's node affinity/selector"
_BY_PRIORITY: Final = ("kubectl describe nodes", "kubectl get priorityclasses")
"""What is typed to see whose pods the scheduler prefers; they are others' than the pipeline's."""


@dataclass(frozen=True, slots=True)
class _Reason:
    """One of the scheduler's reasons: its words, the cause they mean, whose it is (empty: the app's), a sentence."""

    words: str
    cause: str
    component: str
    sentence: str


_REASONS: Final = (
    _Reason(
        r"persistentvolumeclaim \"[^\"]*\" (not found|is being deleted)",
        "volume-missing",
        "storage",
        "{app}'s volume claim {claims} is missing",
    ),
    _Reason(
        r"volume node affinity|PersistentVolume's node affinity",
        "volume-unbound",
        "storage",
        "the volume of {app} is where none of the nodes that take pods can reach it",
    ),
    _Reason(
        r"unbound immediate|persistentvolume", "volume-unbound", "storage", "{app}'s volume claim {claims} is not Bound"
    ),
    _Reason(r"unschedulable", "node-cordoned", "node", "node {node} accepts no pods, so {app} cannot be scheduled"),
    _Reason(
        r"node\.kubernetes\.io/(not-ready|unreachable)",
        "node-not-ready",
        "node",
        "node {node} is not ready, so {app} cannot be scheduled",
    ),
    _Reason(
        r"node\.kubernetes\.io/\w+-pressure",
        "node-pressure",
        "node",
        "node {node} is under pressure, so {app} cannot be scheduled",
    ),
    _Reason(r"untolerated taint", "node-tainted", "node", "node {node} keeps {app} away by the taint {taint}"),
    _Reason(r"Insufficient|Too many pods", "node-full", "node", "no node has room for {app}"),
    _Reason(r"free ports", "placement-impossible", "", "another pod has the port of the node that {app} wants"),
    _Reason(r"scheduling gates", "placement-impossible", "", "a scheduling gate holds {app} back from every node"),
    _Reason(r"", "placement-impossible", "", "no node matches {app}{why}"),
)


def unscheduled(evidence: Evidence, part: Component, pod: K8sObject) -> Iterator[Finding]:
    """The scheduler's message, sorted by component."""
    scheduled = condition(pod, "PodScheduled")
    large = too_large(evidence.objects("nodes"), pod)
    if not (large or is_unplaced(pod, evidence.now)):
        return
    message = str(scheduled.get("message") or scheduled.get("reason") or "")
    of_these = _without_kept_nodes(message)
    found = next(one for one in _REASONS if re.search(one.words, of_these, re.IGNORECASE))
    cause, component = ("request-too-large", "") if large else (found.cause, found.component)
    node = _node(evidence, cause)
    claims = " or ".join(claims_of(pod))
    why = _unmatched(pod, of_these) or _first_reason(of_these)
    told_as = found.sentence.format(app=part.id, why=why, claims=claims, **node)
    sentence = f"a pod of {part.id} requests {large}" if large else told_as
    pushed = preempted(evidence, part) if cause == "node-full" else []
    if pushed:
        sentence += ": pods of higher priority have pushed its own away"
    selector = spec_of(pod).get("nodeSelector") or spec_of(pod).get("affinity")
    told = make_finding(
        About(
            evidence,
            part,
            owner=component,
            pod=pod,
            subject=f"node/{node['node']}" if component == "node" else "",
            details=node,
        ),
        cause,
        sentence,
        f"pod {name_of(pod)} is Pending: {_COUNT.sub('', message)}",
        *pushed[:1],
        f"it requires {selector}" if selector else "",
        *(_usage(evidence) if cause == "node-full" else ()),
        since=condition_since(pod, "PodScheduled"),
        steps=_BY_PRIORITY if pushed else None,
    )
    yield replace(told, blocks=component == "node" and take_no_pods(evidence.objects("nodes")))


def _without_kept_nodes(message: str) -> str:
    """The scheduler's message without the nodes that a taint keeps for something else, where that is not all of it."""
    rest = _KEPT_BY_TAINT.sub("", message)
    return rest if re.search(r"available: \d", rest) else message


def _unmatched(pod: K8sObject, message: str) -> str:
    """Which labels no node has, where the scheduler means the nodeSelector and no affinity that it may mean."""
    selector, affinity = spec_of(pod).get("nodeSelector"), spec_of(pod).get("affinity")
    if affinity or not selector or _SELECTOR not in message:
        return ""
    return f": none has its nodeSelector, {pairs(selector)}"


def _first_reason(message: str) -> str:
    """The first of the scheduler's reasons, which stand after the count of nodes, each with a count of its own."""
    found = re.search(r"nodes are available: \d+ ([^.,;]+(?:\([^)]*\))?)", message)
    return f": {found[1].strip()}" if found else ""


def preempted(evidence: Evidence, part: Component) -> list[str]:
    """The recent events that say that a pod of the workload had to make way for one of higher priority."""
    found = [one for one in evidence.events if one.get("reason") == "Preempted"]
    return [event_line(one) for one in found if involved_object(one)[1].startswith(f"{part.workload}-")]


def _node(evidence: Evidence, cause: str) -> dict[str, str]:
    """The first node that the cause is about, and its taint."""
    nodes = evidence.objects("nodes")
    closed = closed_by_hand(nodes) if cause == "node-tainted" else {}
    if closed:
        name, keys = next(iter(closed.items()))
        put_back = taints_of_key(evidence.object("nodes", name) or {}, keys[0])
        return {"node": name, "taint": keys[0], "put_back": put_back}
    is_meant = _CONCERNED.get(cause, is_cordoned)
    found = sorted(nodes, key=lambda node: (not is_meant(node), len(closing_taints(node))))
    return {"node": name_of(found[0]) if found else "NODE", "taint": "TAINT", "put_back": "TAINT:NoSchedule"}


def _usage(evidence: Evidence) -> list[str]:
    return [f"node {name_of(one)} uses {one['usage']}" for one in evidence.objects("node_metrics")][:1]
