"""The API server does not reach a kubelet that reports: every way to a pod leads through it, and fails alike. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipeline_services.judgements.heartbeats import LEASES, silent_nodes
from pipeline_services.model.k8s import is_ready, name_of, node_of
from pipeline_services.triage.causes.elsewhere import SAID_BY
from pipeline_services.triage.causes.finding import About, make_finding
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Finding

_THE_WAY: Final = r"(error dialing backend|No agent available|unable to upgrade connection: (Unauthorized|Forbidden)).*"
"""What the API server says where not the pod but the way to its kubelet fails."""
_LOOK: Final = ("kubectl get leases -n kube-node-lease", "kubectl get pods -n kube-system -o wide")


def findings(evidence: Evidence) -> Iterator[Finding]:
    """The nodes all of whose services fail by the way to them; no cause is looked for behind it."""
    lost, nodes, everywhere = cut_off(evidence)
    if not lost:
        return
    where = "no kubelet" if everywhere else f"not the kubelet of {', '.join(nodes)}"
    why = re.search(_THE_WAY, evidence.failure(SAID_BY[lost[0]]))
    yield make_finding(
        About(
            evidence,
            "node",
            subject="nodes" if everywhere else f"node/{nodes[0]}",
            affects=[one for one in evidence.pipeline.reported if not _has_unready_pods(evidence, one)],
            details={"node": nodes[0]},
        ),
        "node-silent",
        f"the API server reaches {where}, so nothing is known of the services there: change nothing",
        f"{', '.join(lost)} cannot be asked: {why[0].rstrip(')') if why else ''}",
        "their pods are ready",
        "the kubelets' leases are fresh" if evidence.known(LEASES) else "",
        steps=_LOOK,
    )


def cut_off(evidence: Evidence) -> tuple[list[str], list[str], bool]:
    """The services to which the way alone fails, their nodes, and whether it is so of all.

    None where one of two on a node is reached, or where a kubelet is silent.
    """
    services = {role: nodes for role in SAID_BY if (nodes := _nodes(evidence, role))}
    lost = [role for role in services if re.search(_THE_WAY, evidence.failure(SAID_BY[role]))]
    nodes = {node for role in lost for node in services[role]}
    reached = {node for role in services.keys() - set(lost) for node in services[role]}
    if len(lost) < 2 or nodes & reached or evidence.snapshot.derive(silent_nodes):
        return [], [], False
    return lost, sorted(nodes), not reached


def _nodes(evidence: Evidence, component: str) -> set[str]:
    """The nodes of its ready pods; none where it has none."""
    pods = evidence.ready(component) if component in evidence.pipeline.workloads else []
    return {node_of(pod) or name_of(pod) for pod in pods}


def _has_unready_pods(evidence: Evidence, component: str) -> bool:
    """Whether more is known of it than that it cannot be asked: what the kubelet says of its pods is not old."""
    parts = evidence.pipeline.parts_of(component)
    return any(not is_ready(pod) for part in parts for pod in evidence.pods(part.id))
