"""Nodes: what keeps pods away from them, and what they have room for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline_services.model.k8s.objects import K8sObject, creation_time, epoch, quantity, spec_of, status_of

PRESSURES: Final = ("MemoryPressure", "DiskPressure", "PIDPressure")
"""The conditions of a node that is short of something."""
JOINING_S: Final = 120.0
"""Seconds that a new node may take to become Ready, with its DaemonSets: their images are pulled first."""
TROUBLES: Final = (
    *("NetworkUnavailable", "KernelDeadlock", "ReadonlyFilesystem", "CorruptDockerOverlay2"),
    *("FrequentKubeletRestart", "FrequentContainerdRestart", "FrequentDockerRestart", "FrequentUnregisterNetDevice"),
    *("KubeletUnhealthy", "ContainerRuntimeUnhealthy", "KubeletProblem", "ContainerRuntimeProblem"),
)
"""Further conditions that say what is wrong: of the cloud or the network plugin, and of node-problem-detector, where
there is one. Others, as ``EtcdIsVoter``, say what is right."""


def taints_of(node: K8sObject) -> Sequence[K8sObject]:
    """All taints of the node, those that Kubernetes sets included."""
    taints: Sequence[K8sObject] = spec_of(node).get("taints") or ()
    return taints


def closing_taints(node: K8sObject) -> list[str]:
    """The keys of the taints that somebody has set to keep pods away; those of Kubernetes itself are conditions."""
    return [
        taint["key"]
        for taint in taints_of(node)
        if taint["effect"] != "PreferNoSchedule" and not taint["key"].startswith("node.kubernetes.io/")
    ]


def taints_of_key(node: K8sObject, key: str) -> str:
    """The node's taints of that key as kubectl takes them, each with its value and its effect."""
    own = [(taint.get("value"), taint["effect"]) for taint in taints_of(node) if taint["key"] == key]
    return " ".join(f"{key}={value}:{effect}" if value else f"{key}:{effect}" for value, effect in own)


def is_joining(node: K8sObject, now: float) -> bool:
    """Whether the node was added so lately that its network and its kubelet may still be on their way."""
    made = creation_time(node)
    return bool(made) and now - epoch(made) < JOINING_S


def is_cordoned(node: K8sObject) -> bool:
    """Whether the node takes no new pods."""
    return bool(spec_of(node).get("unschedulable"))


def allocatable(node: K8sObject, resource: str) -> float:
    """How much of ``cpu`` (cores) or ``memory`` (bytes) the node's pods can have; 0 before its kubelet has said."""
    return quantity((status_of(node).get("allocatable") or {}).get(resource, 0))
