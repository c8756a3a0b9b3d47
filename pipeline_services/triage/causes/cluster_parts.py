"""The cluster's own parts: what of them does not run, or does not do what it is there for (sections 3.5 and 3.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from pipeline_services.checklist import checks
from pipeline_services.judgements.cluster_parts import declared_object, set_otherwise, subject_of, way_to
from pipeline_services.model.cluster_part import LEASE
from pipeline_services.model.k8s import (
    K8sObject,
    container_statuses,
    is_ready,
    name_of,
    phase_of,
    progress_of,
    restarts_of,
    state_of,
)
from pipeline_services.model.kinds import KINDS, SYSTEM
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.triage.causes.finding import About, healing, make_finding
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Finding
from pipeline_services.triage.steps import GREEN, RESTORE

LISTED: Final = "kubectl get deployments,daemonsets,pods -n kube-system"
_SAVED: Final = "{config_map}.saved.yaml"

CAUSES: Final = (
    Cause(
        "cluster-part-down",
        "a part of the cluster itself does not run",
        Escalation.L3,
        "the-cluster-itself",
        steps=(LISTED, RESTORE),
        afterwards=GREEN,
    ),
    Cause(
        "cluster-part-set-otherwise",
        "a part of the cluster itself is not configured as declared",
        Escalation.L3,
        "the-cluster-itself",
        steps=("kubectl get {kind} -n kube-system {name} -o yaml", RESTORE),
        afterwards=GREEN,
    ),
    Cause(
        "dns-misconfigured",
        "the DNS server's configuration does not answer the Services' names",
        Escalation.L3,
        "the-cluster-itself",
        steps=(
            f"kubectl get configmap -n kube-system {{config_map}} -o yaml > {_SAVED}",
            "kubectl edit configmap -n kube-system {config_map} # take out what the cause names; no restart is needed",
        ),
        undo=f"kubectl replace -n kube-system --force -f {_SAVED}",
        afterwards="names resolve in the pods, a minute after the change",
    ),
)

LABEL: Final = "k8s-app"
"""The label by which the pods of each part are known."""
_WAY: Final = ("kubectl get services -n kube-system -o wide", "kubectl get endpointslices -n kube-system")
"""What is typed where the address that pods ask leads to no DNS server: others than the pipeline's own made it."""
PASSES_S: Final = 120.0
"""Seconds within which a part that is replaced works again, and is seen to."""
NAMED_ELSEWHERE: Final = ("dns", "hpa")
"""The components of parts that have causes of their own: see network.py and autoscaling.py."""

_OF_THE_CONTROL_PLANE: Final = ("kubectl get lease -n kube-system {name}", "kubectl get pods -n kube-system -o wide")
"""What is typed where a part of the control plane is silent, which no deploy starts, and whose pod may be gone."""
_DESCRIBE: Final = "kubectl describe {kind} -n kube-system {name}"
_OF_ITS_PODS: Final = (
    "kubectl describe pods -n kube-system -l k8s-app={label}",
    "kubectl logs -n kube-system -l k8s-app={label} --tail=50",
)
"""What is typed where a part is there and does not come up: what says why is handed over."""


def _put_right_here(told: Finding) -> Finding:
    """What this checkout declares of the cluster is put right by its own make up, not by the deploy of any pipeline."""
    return replace(told, next=(*told.next[:-1], RESTORE))


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Each part that does not run, then each DNS server that answers other names."""
    for one in evidence.failed(checks.CLUSTER_PART_RUNS):
        (name,) = one.parameters
        part = evidence.pipeline.cluster[name]
        if part.component in NAMED_ELSEWHERE:
            continue
        steps = _OF_THE_CONTROL_PLANE if part.kind == LEASE else looks(evidence, name)
        told = make_finding(
            About(
                evidence,
                part.component,
                subject=subject_of(part, name),
                affects={part.component, *evidence.pipeline.affected_by(*evidence.pipeline.judged_workloads)},
                details={"name": name},
            ),
            "cluster-part-down",
            one.why,
            *_pods(evidence, name),
            *states(evidence.system(LABEL, name)),
            steps=None if is_restored(evidence, name) else steps,
        )
        yield _put_right_here(told) if is_restored(evidence, name) else told
    for one in evidence.failed(checks.CLUSTER_PART_SET_AS_DECLARED):
        (name,) = one.parameters
        if evidence.failed(checks.NAMES_ANSWERED, name):
            continue  # which says what it does to the Services' names
        part, (kind, declares) = evidence.pipeline.cluster[name], declared_object(evidence.snapshot, name)
        subject, differs = f"{kind.lower()}/{declares}", list(map(str, set_otherwise(evidence.snapshot, name)))
        told = make_finding(
            About(
                evidence, part.component, subject=subject, affects=(), details={"kind": kind.lower(), "name": declares}
            ),
            "cluster-part-set-otherwise",
            f"{subject}: {differs[0]}; so {name}, which {part.does}, may fail",
            *differs,
            since=evidence.changed(kind, declares),
        )
        yield _put_right_here(told)
    for one in evidence.failed(checks.NAMES_ANSWERED):
        (name,) = one.parameters
        part = evidence.pipeline.cluster[name]
        astray = evidence.known("system_services") and not way_to(evidence.snapshot, name)
        declared = not astray and evidence.failed(checks.CLUSTER_PART_SET_AS_DECLARED, name)
        told = make_finding(
            About(
                evidence,
                part.component,
                subject="services" if astray else f"configmap/{part.config_map}",
                details={"config_map": part.config_map},
            ),
            "dns-misconfigured",
            one.why,
            *(metric.why for metric in evidence.failed_metrics("name-resolves")[:2]),
            since=None if astray else evidence.changed("configmaps", part.config_map),
            steps=_WAY if astray else (RESTORE,) if declared else None,
        )
        told = _put_right_here(told) if declared else told
        yield replace(told, undo="") if astray or declared else told


def is_gone(evidence: Evidence, name: str) -> bool:
    """Whether there is no such part, and nothing that may do its work."""
    return bool(evidence.failed(checks.CLUSTER_PART_RUNS, name)) and _live(evidence, name) is None


def _live(evidence: Evidence, name: str) -> K8sObject | None:
    part = evidence.pipeline.cluster[name]
    return evidence.object(f"{SYSTEM}{KINDS[part.kind].source}", name)


def looks(evidence: Evidence, name: str, label: str = "") -> tuple[str, ...]:
    """What is typed to see why a part does not come up, which no command of this page puts right.

    Args:
        label: of its pods; by default its name.
    """
    part, label = evidence.pipeline.cluster.get(name), label or name
    kind = part.kind.lower() if part else "deployment"
    steps = (LISTED,) if is_gone(evidence, name) else _of_its_pods(evidence, label)
    return tuple(step.format(kind=kind, name=name, label=label) for step in steps)


def _of_its_pods(evidence: Evidence, label: str) -> tuple[str, ...]:
    """The same of one that is there; a pod that has never run has no log."""
    if not evidence.known("system_pods"):
        return (LISTED, _DESCRIBE, *_OF_ITS_PODS)
    unready = [pod for pod in evidence.system(LABEL, label) if not is_ready(pod)]
    if not unready:
        return (LISTED, _DESCRIBE)
    return _OF_ITS_PODS if any(map(restarts_of, unready)) else _OF_ITS_PODS[:1]


def states(pods: Iterable[K8sObject]) -> list[str]:
    """What keeps each of the pods that are not ready, by name."""
    return [f"pod {name_of(pod)}: {_state(pod)}" for pod in pods if not is_ready(pod)]


def _state(pod: K8sObject) -> str:
    waiting = [state_of(one, "waiting").get("reason") for one in container_statuses(pod)]
    return next(filter(None, waiting), "") or phase_of(pod)


def is_restored(evidence: Evidence, name: str) -> bool:
    """Whether make up puts the part right: this checkout declares it whole, and it is gone, wanted nowhere, or may be
    another than that; one that is as declared is made no better.
    """
    part = evidence.pipeline.cluster.get(name)
    if part is None or part.kind == LEASE or part.config_map or not part.manifest:
        return False
    live = _live(evidence, name)
    if live is None or not progress_of(live).wanted:
        return True
    as_declared = checks.CLUSTER_PART_SET_AS_DECLARED
    return bool(evidence.failed(as_declared, name) or evidence.undecided(as_declared, name))


def explains_names(evidence: Evidence) -> bool:
    """Whether a part that does not run, or the configuration of one, is why names or connections fail."""
    parts = evidence.failed(checks.CLUSTER_PART_RUNS)
    network = [one for one in parts if one.component in ("dns", "network")]
    return bool(network or evidence.failed(checks.NAMES_ANSWERED))


def lacks_pods(evidence: Evidence, component: str) -> bool:
    """Whether the part of that component does not run."""
    return any(one.component == component for one in evidence.failed(checks.CLUSTER_PART_RUNS))


def passing(evidence: Evidence, told: Finding, name: str) -> Finding:
    """The finding that a part is down, as it is told while that part is only being replaced: nobody has to act."""
    return healing(told, PASSES_S) if evidence.undecided(checks.CLUSTER_PART_RUNS, name) else told


def _pods(evidence: Evidence, name: str) -> list[str]:
    """How many of its pods are ready, where pods of the system are known and carry its name."""
    own = evidence.system(LABEL, name)
    return [f"{sum(map(is_ready, own))} of {len(own)} pods with k8s-app={name} are ready"] if own else []
