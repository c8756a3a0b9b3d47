"""The cluster's own parts: what of them does not run, or does not do what it is there for (sections 3.5 and 3.6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from pipeline_services.checklist import checks
from pipeline_services.judgements.cluster_parts import declared_object, set_otherwise, subject_of, way_to
from pipeline_services.model.cluster_part import LEASE
from pipeline_services.model.k8s import is_ready
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.triage.causes.finding import About, healing, make_finding
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Finding
from pipeline_services.triage.steps import GREEN, RESTORE

_SAVED: Final = "{config_map}.saved.yaml"

CAUSES: Final = (
    Cause(
        "cluster-part-down",
        "a part of the cluster itself does not run",
        Escalation.L3,
        "the-cluster-itself",
        steps=("kubectl get deployments,daemonsets,pods -n kube-system", RESTORE),
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

_WAY: Final = ("kubectl get services -n kube-system -o wide", "kubectl get endpointslices -n kube-system")
"""What is typed where the address that pods ask leads to no DNS server: others than the pipeline's own made it."""
PASSES_S: Final = 120.0
"""Seconds within which a part that is replaced works again, and is seen to."""
NAMED_ELSEWHERE: Final = ("dns", "hpa")
"""The components of parts that have causes of their own: see network.py and autoscaling.py."""

_OF_THE_CONTROL_PLANE: Final = ("kubectl get lease -n kube-system {name}", "kubectl get pods -n kube-system -o wide")
"""What is typed where a part of the control plane is silent, which no deploy starts, and whose pod may be gone."""


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
            steps=_OF_THE_CONTROL_PLANE if part.kind == LEASE else None,
        )
        yield _put_right_here(told) if part.manifest else told
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
    own = evidence.system("k8s-app", name)
    return [f"{sum(map(is_ready, own))} of {len(own)} pods with k8s-app={name} are ready"] if own else []
