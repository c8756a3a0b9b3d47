"""How rules put a finding together: the cause from the list, its commands filled in, whom it affects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from pipeline_services.model.commands import fill, in_context
from pipeline_services.model.component import Component
from pipeline_services.model.k8s import (
    K8sObject,
    condition_since,
    containers_of,
    involved_object,
    is_true,
    name_of,
    replicas_of,
)
from pipeline_services.model.text import one_line
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Confidence, Finding
from pipeline_services.triage.steps import RESTORE

MOST_EVIDENCE: Final = 6
OF_ALL: Final[Mapping[str, str]] = MappingProxyType({"app": "the pipeline"})
"""The details where no single workload is meant."""
_WIDTH: Final = 240


def make_finding(
    evidence: Evidence,
    cause: str,
    about: str | Component,
    summary: str,
    *seen: str,
    pod: K8sObject | None = None,
    component: str = "",
    subject: str | None = None,
    since: float | None = None,
    affects: Iterable[str] | None = None,
    confidence: Confidence = Confidence.HIGH,
    against: Iterable[str] = (),
    self_healing: bool | None = None,
    heals_within: float | None = None,
    details: Mapping[str, str] = MappingProxyType({}),
    steps: Iterable[str] | None = None,
) -> Finding:
    """A finding of the cause with that id.

    Args:
        about: the component; where a workload is concerned, or one pod of it, its part of the description.
        seen: the evidence, the strongest first; empty ones are left out.
        component: whose finding it is, where that is not what it is about.
        subject: by default the pod, else the workload where ``about`` is a part.
        affects: the components that suffer; by default those that depend on what it is about.
        self_healing: None for what the cause says; likewise ``heals_within``, in seconds.
        details: what the cause's commands are filled in with, beside the names of the pipeline, workload and pod.
        steps: in place of the cause's own, where those cannot be typed.
    """
    known, pipeline = evidence.causes[cause], evidence.pipeline
    part = about if isinstance(about, Component) else pipeline.workloads.get(about)
    concerned = about.reports_to if isinstance(about, Component) else about
    owner = component or concerned
    suffer = pipeline.affected_by(concerned) if affects is None else affects
    more = {**(of_part(part, pod) if part else {}), **details}
    if subject is None:
        subject = f"pod/{name_of(pod)}" if pod else about.kubectl_name if isinstance(about, Component) else ""

    def filled(text: str) -> str:
        if text == RESTORE:
            return in_context(pipeline.deploy, evidence.snapshot.context)
        return in_context(fill(text, pipeline, evidence.snapshot.namespace, more), evidence.snapshot.context)

    return Finding(
        cause=known,
        component=owner,
        summary=one_line(summary, _WIDTH),
        subject=subject,
        since=since,
        confidence=confidence,
        evidence=tuple(one_line(line, _WIDTH) for line in dict.fromkeys(seen) if line)[:MOST_EVIDENCE]
        or (one_line(summary, _WIDTH),),
        against=tuple(one_line(line, _WIDTH) for line in against if line),
        affects=frozenset({owner, *suffer}) if affects is not None or component else frozenset(suffer),
        next=tuple(map(filled, known.steps if steps is None else steps)),
        undo=filled(known.undo),
        afterwards=filled(known.afterwards),
        self_healing=known.heals_within is not None if self_healing is None else self_healing,
        heals_within=heals_within,
        contact=pipeline.components[owner].contact if owner in pipeline.components else "",
    )


def of_part(part: Component, pod: K8sObject | None = None, **more: str) -> dict[str, str]:
    """What the commands about a workload, and about one of its pods, need."""
    details = {
        "app": part.id,
        "workload": part.kubectl_name,
        "selector": part.label_selector,
        "labels": " ".join(f"{key}={value}" for key, value in part.selector.items()),
        "unlabel": " ".join(f"{key}-" for key in part.selector),
    }
    if pod:
        details |= {"pod": name_of(pod), "container": str(containers_of(pod)[0]["name"])}
    return details | more


def earliest(*times: float | None) -> float | None:
    """The earliest of the times that are known."""
    return min((time for time in times if time is not None), default=None)


def stopped_since(evidence: Evidence, deployment: K8sObject | None) -> float | None:
    """When a deployment of the cluster's own stopped working: scaled to 0, or not available."""
    if deployment is None:
        return None
    if replicas_of(deployment) == 0:
        return evidence.changed("deployments", name_of(deployment), "spec.replicas")
    return None if is_true(deployment, "Available") else condition_since(deployment, "Available")


def warnings_about(evidence: Evidence, pod: K8sObject) -> list[str]:
    """The pod's two newest warnings, as evidence."""
    warnings = [event for event in evidence.events_of("Pod", name_of(pod)) if event.get("type") == "Warning"]
    return [event_line(event) for event in warnings[:2]]


def event_line(event: K8sObject) -> str:
    """An event as evidence."""
    kind, name = involved_object(event)
    return f"event {event.get('reason')} of {kind.lower()}/{name}: {event.get('message', '')}"


def well(evidence: Evidence, app: str) -> list[str]:
    """That a pod of the app is ready, as evidence."""
    return [f"pod {name_of(pod)} itself is ready" for pod in evidence.ready(app)[:1]]
