"""A pod that its node cannot connect: it is placed, and no container of it starts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipeline_services.judgements.pods import STARTING_FOR
from pipeline_services.model.component import Component
from pipeline_services.model.k8s import (
    K8sObject,
    container_statuses,
    created_at,
    first_seen,
    init_container_statuses,
    is_running,
    name_of,
    spec_of,
)
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.triage.causes.finding import About, event_line, make_finding
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Finding
from pipeline_services.triage.steps import DESCRIBE, READY

CAUSES: Final = (
    Cause(
        "pod-without-network",
        "the network plugin of a node gives new pods no network",
        Escalation.L3,
        "the-cluster-itself",
        steps=(DESCRIBE, "kubectl get deployments,daemonsets,pods -n kube-system"),
        afterwards=READY,
    ),
)

_OF_THE_NETWORK: Final = re.compile(r"(?i)network|\bcni\b|plugin|IP address")


def unconnected(evidence: Evidence, part: Component, pod: K8sObject) -> Iterator[Finding]:
    """What the kubelet says of a pod that waits longer than a start takes; the network plugin may just have started,
    and after a restart of the node with it. A pod of which something runs has its network, whatever was before.
    """
    failed = evidence.events_of("Pod", name_of(pod), "FailedCreatePodSandBox")
    runs = any(map(is_running, (*container_statuses(pod), *init_container_statuses(pod))))
    if not failed or runs or evidence.now - max(created_at(pod), min(map(first_seen, failed))) < STARTING_FOR:
        return
    message = str(failed[0].get("message") or "")
    if not _OF_THE_NETWORK.search(message):
        return
    node, why = spec_of(pod).get("nodeName", "its node"), message.rpartition("failed")[2].strip(" :")
    yield make_finding(
        About(evidence, part, pod, owner="network", subject=f"node/{node}"),
        "pod-without-network",
        f"node {node} cannot give a pod of {part.id} a network: {why or message}",
        *(event_line(one) for one in failed[:2]),
        since=created_at(pod),
    )
