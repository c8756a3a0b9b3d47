"""Deployments, StatefulSets and DaemonSets: what they want, how far they are; and what scales them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline_services.model.k8s.objects import K8sObject, spec_of, status_of


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a workload is: pods wanted, existing, of the newest template, and available."""

    wanted: int
    existing: int
    updated: int
    available: int
    seen_by_controller: bool

    @property
    def complete(self) -> bool:
        """Whether nothing is left to roll out."""
        return self.seen_by_controller and self.wanted == self.existing == self.updated == self.available

    def __str__(self) -> str:
        return f"{self.updated} of {self.wanted} pods updated, {self.available} available, {self.existing} existing"


def progress_of(workload: K8sObject) -> Progress:
    """What the status of a workload of any kind says."""
    status = status_of(workload)
    if "desiredNumberScheduled" in status:  # only a DaemonSet counts nodes
        wanted, existing = status["desiredNumberScheduled"], status.get("currentNumberScheduled", 0)
        updated, available = status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0)
    else:
        wanted, existing = replicas_of(workload), status.get("replicas", 0)
        updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    return Progress(wanted, existing, updated, available, is_observed(workload))


def is_observed(workload: K8sObject) -> bool:
    """Whether the controller has seen the newest spec."""
    return bool(status_of(workload).get("observedGeneration", 0) >= workload["metadata"].get("generation", 0))


def is_complete(workload: K8sObject) -> bool:
    """Whether the workload has pods, all of them available and of its newest template, and no other."""
    progress = progress_of(workload)
    return progress.complete and progress.wanted > 0


def replicas_of(workload: K8sObject) -> int:
    """The pods that ``spec.replicas`` asks for; 1 where it does not say."""
    return int(spec_of(workload).get("replicas", 1))


def template_of(workload: K8sObject) -> K8sObject:
    """The template of the workload's pods; it has ``metadata`` and ``spec`` like a pod."""
    template: K8sObject = workload["spec"]["template"]
    return template


def match_labels_of(workload: K8sObject) -> Mapping[str, str]:
    """The labels by which the workload knows its pods."""
    labels: Mapping[str, str] = workload["spec"]["selector"]["matchLabels"]
    return labels


def scale_target_of(hpa: K8sObject) -> tuple[str, str]:
    """Kind and name of what a HorizontalPodAutoscaler scales."""
    target = hpa["spec"]["scaleTargetRef"]
    return str(target["kind"]), str(target["name"])
