"""How rules put a finding together: the cause from the list, its commands filled in, whom it affects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from pipeline_services.model.commands import fill, in_context
from pipeline_services.model.component import Component
from pipeline_services.model.errors import NotApplicable
from pipeline_services.model.k8s import (
    K8sObject,
    condition_since,
    containers_of,
    involved_object,
    is_true,
    name_of,
    replicas_of,
)
from pipeline_services.model.text import one_line, without_request
from pipeline_services.triage import revisions
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Confidence, Finding
from pipeline_services.triage.steps import DELETE_POD, RESTORE

MOST_EVIDENCE: Final = 6
OF_ALL: Final[Mapping[str, str]] = MappingProxyType({"app": "the pipeline"})
"""The details where no single workload is meant."""
_WIDTH: Final = 240


@dataclass(frozen=True, slots=True)
class About:
    """What a finding is about.

    Attributes:
        what: the component; where a workload is concerned, or one pod of it, its part of the profile.
        pod: the one pod that is concerned.
        owner: the component whose finding it is, where that is not what it is about.
        subject: by default the pod, else the workload where ``what`` is a part.
        affects: the components that suffer; by default those that depend on what it is about.
        details: what the cause's commands are filled in with, beside the names of the pipeline, workload and pod.
    """

    evidence: Evidence
    what: str | Component
    pod: K8sObject | None = None
    owner: str = ""
    subject: str = ""
    affects: Iterable[str] | None = None
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def component(self) -> str:
        """Whose finding it is."""
        return self.owner or self._concerned

    @property
    def object_name(self) -> str:
        """The object concerned, ``pod/kafka-0``; empty where there is none."""
        if self.subject or self.pod:
            return self.subject or f"pod/{name_of(self.pod or {})}"
        return self.what.kubectl_name if isinstance(self.what, Component) else ""

    @property
    def suffering(self) -> frozenset[str]:
        """The components that suffer, the finding's own included."""
        dependents = self.evidence.pipeline.affected_by(self._concerned) if self.affects is None else self.affects
        return frozenset({self.component, *dependents})

    @property
    def _concerned(self) -> str:
        return self.what.reports_to if isinstance(self.what, Component) else self.what

    @property
    def part(self) -> Component | None:
        """The part of the profile that it is about; None for what is none, as the network."""
        return self.what if isinstance(self.what, Component) else self.evidence.pipeline.components.get(self.what)

    def filled(self, command: str) -> str:
        """A command of the cause, to be pasted."""
        pipeline, snapshot, part = self.evidence.pipeline, self.evidence.snapshot, self.part
        known = of_part(part, self.pod) if part and (part.workload or part.elsewhere) else {}
        details = {**known, **self.details}
        if revisions.ROLLS_BACK in command and "workload" in details:
            details |= revisions.options(self.evidence, details["workload"])
        whole = pipeline.deploy if command == RESTORE else fill(command, pipeline, snapshot.namespace, details)
        return in_context(whole, snapshot.context)

    def typed(self, commands: Iterable[str]) -> tuple[str, ...]:
        """The commands to be pasted, but those for what this pipeline has not; else its component's own first."""
        wanted, found = list(commands), []
        for command in wanted:
            with suppress(NotApplicable):
                found.append(self.filled(command))
        if wanted and not found and self.component in self.evidence.pipeline.components:
            found = [self.filled(self.evidence.pipeline[self.component].first_command)]
        return tuple(found)


def make_finding(
    about: About,
    cause: str,
    summary: str,
    *seen: str,
    since: float | None = None,
    confidence: Confidence = Confidence.HIGH,
    against: Iterable[str] = (),
    steps: Iterable[str] | None = None,
) -> Finding:
    """A finding of the cause with that id; it rolls back nothing that has worked for longer, or is back already.

    Args:
        seen: the evidence, the strongest first; empty ones are left out.
        steps: in place of the cause's own, where those cannot be typed.
    """
    known, components = about.evidence.causes[cause], about.evidence.pipeline.components
    lines = [one_line(line, _WIDTH) for line in dict.fromkeys(seen) if line]
    wanted, undo = tuple(known.steps if steps is None else steps), known.undo
    if about.part and any(revisions.ROLLS_BACK in step for step in wanted):
        if about.pod and revisions.keeps_waiting(about.evidence, about.part, about.pod):
            wanted, undo = (*revisions.without_rollback(wanted), DELETE_POD), ""
            summary += f"; {about.part.kubectl_name} was changed since, and waits for this pod"
        elif not revisions.may_roll_back(about.evidence, about.part):
            wanted, undo = revisions.without_rollback(wanted), ""
    return Finding(
        cause=known,
        component=about.component,
        summary=one_line(summary, _WIDTH),
        subject=about.object_name,
        since=since,
        confidence=confidence,
        evidence=tuple(lines[:MOST_EVIDENCE]) or (one_line(summary, _WIDTH),),
        against=tuple(one_line(line, _WIDTH) for line in against),
        affects=about.suffering,
        next=about.typed(wanted),
        undo=about.filled(undo),
        afterwards=about.filled(known.afterwards),
        self_healing=known.heals_within is not None,
        contact=components[about.component].contact if about.component in components else "",
    )


def healing(told: Finding, within: float) -> Finding:
    """The finding as it is told where it is over by itself within so many seconds: nobody has to act."""
    return replace(told, self_healing=True, heals_within=within, next=told.next[:1], undo="")


def of_part(part: Component, pod: K8sObject | None = None, **more: str) -> dict[str, str]:
    """What the commands about a workload, and about one of its pods, need."""
    details = {
        "app": part.id,
        "workload": part.kubectl_name,
        "selector": part.label_selector,
        "labels": " ".join(f"{key}={value}" for key, value in part.selector.items()),
        "unlabel": " ".join(f"{key}-" for key in part.selector),
    }
    if part.elsewhere and part.namespace:
        details["namespace"] = part.namespace
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
    return f"event {event.get('reason')} of {kind.lower()}/{name}: {without_request(event.get('message', ''))}"


def well(evidence: Evidence, app: str) -> list[str]:
    """That a pod of the app is ready, as evidence."""
    return [f"pod {name_of(pod)} itself is ready" for pod in evidence.ready(app)[:1]]
